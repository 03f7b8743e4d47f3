import ActCommands
import AffineEditMethod

// All of actc's commands, and this method in every one of them.
runActc(adding: [affineEditMethod])
