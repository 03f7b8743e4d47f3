print("actc")
