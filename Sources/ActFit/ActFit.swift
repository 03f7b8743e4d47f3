// ActFit
