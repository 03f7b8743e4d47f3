print("actrun")
