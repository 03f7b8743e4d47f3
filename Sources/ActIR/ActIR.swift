// ActIR
