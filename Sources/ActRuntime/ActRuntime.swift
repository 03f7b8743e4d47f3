// ActRuntime
