import ActCommands

runActc()
