// What a body may hold: the expression of a fused node, or of what follows a linear layer. Fusion stops at these
// numbers, plans are checked against them, and the kernels' arrays are that long.
#ifndef ACT_LIMITS_H
#define ACT_LIMITS_H

enum { ACT_EXPR_MAX_INPUTS = 16, ACT_EXPR_MAX_INSTRUCTIONS = 48 };

#endif
