// ActEval
