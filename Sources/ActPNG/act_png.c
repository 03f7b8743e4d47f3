#include "act_png.h"

#include <png.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct act_png {
  png_structp png;
  png_infop info;
  act_png_sink sink;
  void *context;
  bool has_header;
  char message[160];
};

static void fail(png_structp png, png_const_charp text) {
  struct act_png *self = png_get_error_ptr(png);
  snprintf(self->message, sizeof self->message, "%s", text);
  png_longjmp(png, 1);
}

static void warn(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
  struct act_png *self = png_get_io_ptr(png);
  if (self->sink(self->context, bytes, count) != 0) png_error(png, "");
}

// The sink's file is synced by its owner.
static void flush(png_structp png) { (void)png; }

struct act_png *act_png_new(uint32_t width, uint32_t height, int gray, act_png_sink sink, void *context) {
  struct act_png *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->sink = sink;
  self->context = context;
  self->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, self, fail, warn);
  self->info = self->png ? png_create_info_struct(self->png) : NULL;
  if (!self->info || setjmp(png_jmpbuf(self->png))) {
    act_png_free(self);
    return NULL;
  }
  png_set_write_fn(self->png, self, write_bytes, flush);
  png_set_IHDR(self->png, self->info, width, height, 8, gray ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_sRGB(self->png, self->info, PNG_sRGB_INTENT_PERCEPTUAL);
  return self;
}

int act_png_text(struct act_png *self, const char *key, const char *text) {
  if (setjmp(png_jmpbuf(self->png))) return 1;
  bool is_ascii = true;
  for (const char *c = text; *c; c++) is_ascii = is_ascii && (unsigned char)*c < 0x80;
  png_text entry = {.compression = is_ascii ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE,
                    .key = (char *)key,
                    .text = (char *)text};
  png_set_text(self->png, self->info, &entry, 1);
  return 0;
}

/// Writes what comes before the picture, once.
static void begin(struct act_png *self) {
  if (self->has_header) return;
  self->has_header = true;
  png_write_info(self->png, self->info);
}

int act_png_row(struct act_png *self, const uint8_t *row) {
  if (setjmp(png_jmpbuf(self->png))) return 1;
  begin(self);
  png_write_row(self->png, row);
  return 0;
}

int act_png_end(struct act_png *self) {
  if (setjmp(png_jmpbuf(self->png))) return 1;
  png_write_end(self->png, NULL);
  return 0;
}

const char *act_png_message(const struct act_png *self) { return self->message; }

void act_png_free(struct act_png *self) {
  if (!self) return;
  png_destroy_write_struct(&self->png, &self->info);
  free(self);
}
