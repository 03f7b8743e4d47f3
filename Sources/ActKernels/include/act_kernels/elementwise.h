// Elementwise expressions, and the operands that they read.
#ifndef ACT_KERNELS_ELEMENTWISE_H
#define ACT_KERNELS_ELEMENTWISE_H

#include "act_limits.h"
#include "types.h"

// Operands of an instruction name a value: 0 ..< input_count are the inputs, input_count + i is the result of
// instruction i. A mask is 1 or 0, whether an input or the result of a comparison; what reads masks takes every number
// but 0 as true. `select` is (a != 0) ? b : c; `constant` is
// `immediate`, and `leaky_relu` is a > 0 ? a : a * immediate.
typedef enum {
  ACT_EXPR_CONSTANT,
  ACT_EXPR_ADD,
  ACT_EXPR_SUB,
  ACT_EXPR_MUL,
  ACT_EXPR_DIV,
  ACT_EXPR_ATAN2,
  ACT_EXPR_MIN,
  ACT_EXPR_MAX,
  ACT_EXPR_LT,
  ACT_EXPR_LE,
  ACT_EXPR_GT,
  ACT_EXPR_GE,
  ACT_EXPR_EQ,
  ACT_EXPR_AND,
  ACT_EXPR_OR,
  ACT_EXPR_NOT,
  ACT_EXPR_SELECT,
  ACT_EXPR_NEG,
  ACT_EXPR_ABS,
  ACT_EXPR_EXP,
  ACT_EXPR_LOG,
  ACT_EXPR_SQRT,
  ACT_EXPR_RSQRT,
  ACT_EXPR_TANH,
  ACT_EXPR_SIGMOID,
  ACT_EXPR_SILU,
  ACT_EXPR_GELU,
  ACT_EXPR_GELU_TANH,
  ACT_EXPR_SIN,
  ACT_EXPR_COS,
  ACT_EXPR_LEAKY_RELU,
  ACT_EXPR_OP_COUNT
} act_expr_op;

typedef struct {
  uint8_t op, a, b, c;
  float immediate;
} act_expr_instruction;

// The value is that of the last instruction, or input 0 where there is none.
typedef struct {
  int32_t input_count;
  int32_t instruction_count;
  act_expr_instruction instructions[ACT_EXPR_MAX_INSTRUCTIONS];
} act_expr;

// An f32 operand of a row-wise kernel. Element (row, column) lies at
//   data[index * row_stride + slot * slot_stride + column * column_stride]
// where index is entries[row / row_divisor], or (row / row_divisor) % row_modulus where entries is null, and slot is
// slots[row / rows_per_slot] of the kernel's arguments. column_stride is 0 (broadcast) or 1, row_divisor at least 1,
// row_modulus 0 for none. So, in rows of [B, H, W, C], a value an entry, [B, 1, 1, C], has the divisor H * W, in heads
// [T, H, W] a gain by head, [H, W], has the modulus H, and a value an entry of ragged rows has entries.
typedef struct {
  const float *data;
  ptrdiff_t row_stride;
  ptrdiff_t slot_stride;
  ptrdiff_t column_stride;
  int32_t row_divisor, row_modulus;
  const int32_t *entries;
} act_operand;

// The inputs of an expression, of which its first input_count are read.
typedef struct {
  act_operand at[ACT_EXPR_MAX_INPUTS];
} act_operands;

// out[row, column] = expr(inputs...); out may alias an input of the same shape exactly.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  int32_t rows, columns;
  const int32_t *slots;  // [rows / rows_per_slot]; may be null where every slot_stride is 0
  int32_t rows_per_slot;
  act_expr expr;
  act_operands inputs;
} act_elementwise_args;

#endif
