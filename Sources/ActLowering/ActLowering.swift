// ActLowering
