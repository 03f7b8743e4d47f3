// Numbers that the graph, the plan's verifier and the kernels share: plans are checked against them, and the kernels'
// arrays and layouts have these sizes.
#ifndef ACT_LIMITS_H
#define ACT_LIMITS_H

// What a body may hold: the expression of a fused node, or of what follows a linear layer. Fusion stops there.
enum { ACT_EXPR_MAX_INPUTS = 16, ACT_EXPR_MAX_INSTRUCTIONS = 48 };

// The dimensions that a tensor may have.
enum { ACT_MAX_RANK = 8 };

// Keys and values lie in blocks of this many positions, and a head's channels are padded to a multiple of the other.
enum { ACT_KV_BLOCK = 64, ACT_KV_LANES = 16 };

#endif
