// The contract between the runtime and the micro-kernels.
//
// A kernel is a task: `void task(const void *args, int worker, int workers)`. The runtime calls it once on every
// worker with the same arguments; the kernel splits its own work by (worker, workers) and never allocates, blocks
// or synchronises. Every output element is computed by one worker with a fixed order of operations that depends
// neither on the split nor on the number of rows in the call: a row's result is the same bit for bit whether it is
// computed alone, in a batch, or on another number of threads.
//
// Sizes and strides count elements unless the name says bytes. `rows` are tokens.
#ifndef ACT_KERNELS_H
#define ACT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "act_limits.h"

// The types past ACT_I32 are those of packed matrices, below.
typedef enum {
  ACT_F32 = 0,
  ACT_BF16 = 1,
  ACT_F16 = 2,
  ACT_I32 = 3,
  ACT_F32X16 = 4,
  ACT_BF16X16 = 5,
  ACT_Q8X16 = 6,
  ACT_Q4X16 = 7
} act_dtype;

// ---- Elementwise expressions -------------------------------------------------------------------------------------

// Operands of an instruction name a value: 0 ..< input_count are the inputs, input_count + i is the result of
// instruction i. A mask is 1 or 0, whether an input or the result of a comparison; what reads masks takes every number
// but 0 as true. `select` is (a != 0) ? b : c; `constant` is `immediate`.
typedef enum {
  ACT_EXPR_CONSTANT,
  ACT_EXPR_ADD,
  ACT_EXPR_SUB,
  ACT_EXPR_MUL,
  ACT_EXPR_DIV,
  ACT_EXPR_MIN,
  ACT_EXPR_MAX,
  ACT_EXPR_LT,
  ACT_EXPR_LE,
  ACT_EXPR_GT,
  ACT_EXPR_GE,
  ACT_EXPR_AND,
  ACT_EXPR_OR,
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
// data[row * row_stride + slots[row] * slot_stride + column * column_stride]; column_stride is 0 (broadcast) or 1.
typedef struct {
  const float *data;
  ptrdiff_t row_stride;
  ptrdiff_t slot_stride;
  ptrdiff_t column_stride;
} act_operand;

// out[row, column] = expr(inputs...); out may alias an input of the same shape exactly.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  int32_t rows, columns;
  const int32_t *slots;  // [rows]; may be null where every slot_stride is 0
  act_expr expr;
  act_operand inputs[ACT_EXPR_MAX_INPUTS];
} act_elementwise_args;
void act_elementwise(const void *args, int worker, int workers);

// ---- Packed matrices -----------------------------------------------------------------------------------------------

// A matrix w: [n, k] in panels of 16 rows, one panel after the other. Rows past n are zero; columns past k are zero, in
// q4 any number. The bytes are the same on every CPU, little-endian, and start at a multiple of 64 bytes. A panel is
//   ACT_F32X16   for every column: 16 f32
//   ACT_BF16X16  columns in pairs, padded to 32 columns: for every pair [16 rows][2 columns] bf16
//   ACT_Q8X16    for every 64 columns: scales [2 blocks of 32 columns][16 rows] bf16, then for every 4 columns
//                [16 rows][4 columns] u8; w = scale * (u8 - 128). 8.5 bits an element
//   ACT_Q4X16    for every 64 columns: scales as above, offsets [2][16] bf16, then 8 vectors [16 rows][4 columns] u8,
//                whose low halves are 4 columns of the first block and whose high halves those of the second;
//                w = scale * u4 + offset. 5 bits an element
// Bytes of such a matrix; 0 where dtype is none of these, a size is negative, or the bytes do not fit ptrdiff_t.
size_t act_packed_bytes(int32_t dtype, int64_t n, int64_t k);

// out = w in the packed type out_dtype; w: [n, k] f32, bf16 or f16, row-major and contiguous. bf16 rounds to nearest
// even. q8 takes its scale from the largest magnitude of a block, q4 the scale and offset of least squared error among
// several refined by least squares. The same bytes at every level and for any number of workers.
typedef struct {
  void *out;
  int32_t out_dtype;
  const void *w;
  int32_t w_dtype;
  int32_t n, k;
} act_pack_args;
void act_pack(const void *args, int worker, int workers);

// ---- Linear ------------------------------------------------------------------------------------------------------

// out[m, n] = epilogue(sum_k x[m, k] * w[n, k], inputs[1...]...); x: [rows, k] f32, w: [n, k] packed, or row-major and
// contiguous in f32, bf16 or f16, out: [rows, n] f32. Input 0 of the epilogue is the sum; inputs[0] is not read. Sums
// are f32. An epilogue with no instruction stores the sum. An epilogue operand may alias out exactly (residual in place).
//
// With w in q8 or q4, x is rounded to int8 for every row and 32 columns (scale: largest magnitude / 127) and the sums of
// 32 are exact: results are the same bit for bit at every level. With w in bf16, x is rounded to bf16 at the levels that
// multiply bf16 (avx512bf16, amx, amx-emulated).
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  const void *w;
  int32_t w_dtype;
  int32_t rows, n, k;
  const int32_t *slots;
  act_expr epilogue;
  act_operand inputs[ACT_EXPR_MAX_INPUTS];
  void *packed_x;  // act_linear_scratch bytes at a multiple of 64 bytes, for all workers together
} act_linear_args;
void act_linear(const void *args, int worker, int workers);

// Bytes of packed_x at the level in force. Where it is 0, x is read as it lies and act_pack_rows is not called.
size_t act_linear_scratch(int32_t w_dtype, int32_t rows, int32_t k);

// packed_x = x as act_linear reads it. Every worker ends this before any begins act_linear with the same arguments.
void act_pack_rows(const void *args, int worker, int workers);

// ---- Normalisation -----------------------------------------------------------------------------------------------

// RMSNorm: out = x / sqrt(mean(x^2) + eps) * gain (+ bias). LayerNorm: out = (x - mean) / sqrt(var + eps) * gain (+ bias).
// gain.data or bias.data null: left out. out may alias x exactly.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  int32_t rows, columns;
  float eps;
  const int32_t *slots;
  act_operand gain, bias;
} act_norm_args;
void act_rms_norm(const void *args, int worker, int workers);
void act_layer_norm(const void *args, int worker, int workers);

// ---- Attention ---------------------------------------------------------------------------------------------------

// out[row] = [cos(position * f_0 ...) | sin(position * f_0 ...)] * scale; frequencies: [half], out: [rows, 2 * half].
// Angles are computed in double, so that long positions lose nothing.
typedef struct {
  float *out;
  const int32_t *positions;
  const double *frequencies;
  int32_t rows, half;
  float scale;
} act_rope_table_args;
void act_rope_table(const void *args, int worker, int workers);

// Rotates pairs (i, i + half) of every head ("rotate half", as in transformers). table: [rows, 2 * half]; head_width is
// at least 2 * half, elements past 2 * half are copied. out may alias x exactly.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *x;
  ptrdiff_t x_row_stride;
  const float *table;
  int32_t rows, heads, head_width, half;
} act_rope_args;
void act_rope(const void *args, int worker, int workers);

// The cache of one sequence for one layer, f32 or bf16: its keys and its values, each a run of blocks of 64 positions.
// Within block b, kv head h begins at element (b * kv_heads + h) * 64 * padded, where padded is head_width rounded up to
// a multiple of 16, and lies so that the innermost index is the one that no sum of attention runs over:
//   keys    f32 [padded][64], bf16 [padded / 2][64][2]   channels, then positions, a pair of channels side by side
//   values  f32 [64][padded], bf16 [32][padded][2]       positions, then channels, a pair of positions side by side
// What lies past the last position or channel is read, but reaches no result. Bytes of the keys, and of the values:
size_t act_cache_bytes(int32_t dtype, int64_t capacity, int32_t kv_heads, int32_t head_width);

// Appends the keys and values of each row to the cache of the row's sequence, at the row's position.
// k, v: [rows, kv_heads * head_width]; keys[s], values[s]: the cache of sequence s.
typedef struct {
  const float *k, *v;
  ptrdiff_t k_row_stride, v_row_stride;
  void *const *keys;
  void *const *values;
  const int32_t *sequences, *positions;
  int32_t rows, kv_heads, head_width;
  int32_t cache_dtype;
} act_cache_append_args;
void act_cache_append(const void *args, int worker, int workers);

// Causal grouped-head attention of each row over the cached positions 0 ... its own position of its sequence
// (with window > 0: only the last `window` of them). out: [rows, heads * head_width]. soft_cap 0: none.
// Sums are f32 whatever the cache's type. So are queries and weights, except that a level that multiplies bf16 rounds
// them to it where the cache is bf16.
// Rows of one sequence are usually neighbours with rising positions; use that for speed, never for correctness.
// scratch: at least act_attention_scratch(head_width) floats per worker.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const float *q;
  ptrdiff_t q_row_stride;
  void *const *keys;
  void *const *values;
  const int32_t *sequences, *positions;
  int32_t rows, heads, kv_heads, head_width;
  int32_t cache_dtype;
  int32_t window;
  float scale, soft_cap;
  float *scratch;
  ptrdiff_t scratch_per_worker;
} act_attention_args;
size_t act_attention_scratch(int32_t head_width);
void act_attention(const void *args, int worker, int workers);

// ---- Rows --------------------------------------------------------------------------------------------------------

// out[i] = table[indices[i]], widened to f32. table: [table_rows, columns] of `dtype`: f32, bf16 or f16, or a packed
// type, where table_row_stride is not read.
typedef struct {
  float *out;
  ptrdiff_t out_row_stride;
  const void *table;
  ptrdiff_t table_row_stride;
  int32_t dtype;
  const int32_t *indices;
  int32_t rows, columns;
} act_take_rows_args;
void act_take_rows(const void *args, int worker, int workers);

// ---- Weight arithmetic, off the hot path ---------------------------------------------------------------------------

// out[i] = (out_dtype) in[i], round to nearest even, NaN stays NaN; f32, bf16 and f16 each way.
typedef struct {
  void *out;
  const void *in;
  int32_t out_dtype, in_dtype;
  int64_t count;
} act_cast_args;
void act_cast(const void *args, int worker, int workers);

// out[n, k] = w[n, k] * s[n] (rows) or * s[k] (columns); w of w_dtype, s and out f32.
typedef struct {
  float *out;
  const void *w;
  int32_t w_dtype;
  const float *s;
  int32_t n, k;
} act_scale_args;
void act_scale_rows(const void *args, int worker, int workers);
void act_scale_columns(const void *args, int worker, int workers);

// ---- Choice of kernels -------------------------------------------------------------------------------------------

typedef void (*act_kernel)(const void *args, int worker, int workers);

// The kernels of one instruction-set level.
typedef struct {
  const char *name;
  act_kernel elementwise, linear, rms_norm, layer_norm, rope, cache_append, attention, take_rows, cast,
      scale_rows, scale_columns, pack, pack_rows;
  size_t (*linear_scratch)(int32_t w_dtype, int32_t rows, int32_t k);
} act_kernel_table;

// The kernels of the level "portable", "avx2", "avx512", "avx512vnni", "avx512bf16" (also VNNI), "amx", "amx-emulated"
// (tiles in C, on any CPU; never chosen by itself) or "neon"; null where the name is unknown or this CPU or its operating
// system cannot run them. For tests; the functions above use the level in force.
const act_kernel_table *act_isa_level(const char *name);

// The instruction-set level in force: the best that this CPU runs, or a lower one named by the environment variable
// ACT_ISA. Decided once, at the first use of any kernel. An unknown or unsupported ACT_ISA leaves an error text (else
// null) and the best level in force.
const char *act_isa_name(void);
const char *act_isa_error(void);

#endif
