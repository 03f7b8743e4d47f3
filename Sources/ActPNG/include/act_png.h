// Writes PNG files row by row. libpng reports errors by longjmp, which Swift's frames do not survive: here no such jump
// leaves C.
#ifndef ACT_PNG_H
#define ACT_PNG_H

#include <stddef.h>
#include <stdint.h>

/// A file that is being written.
struct act_png;

/// Takes the next bytes of the file; not 0 where they cannot be written.
typedef int (*act_png_sink)(void *context, const uint8_t *bytes, size_t count);

/// Begins a file of 8-bit RGB, or where `gray` is not 0 of 8-bit grey, without interlacing. The result is to be freed by
/// `act_png_free`; it is NULL where memory is short.
struct act_png *act_png_new(uint32_t width, uint32_t height, int gray, act_png_sink sink, void *context);

/// Adds a text before the picture: `key` is 1 to 79 printable characters of ASCII, `text` UTF-8. ASCII is written as
/// tEXt, other text as iTXt. 0, or 1 where the file cannot be written.
int act_png_text(struct act_png *png, const char *key, const char *text);

/// Writes the next row, from the top: its bytes lie pixel by pixel. 0, or 1 where the file cannot be written.
int act_png_row(struct act_png *png, const uint8_t *row);

/// Ends the file after its last row. 0, or 1 where the file cannot be written.
int act_png_end(struct act_png *png);

/// Why a call gave 1; empty where the sink failed.
const char *act_png_message(const struct act_png *png);

void act_png_free(struct act_png *png);

#endif
