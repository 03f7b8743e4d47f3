// The blocks of rows of products on tiles.

// Rows of a tile and of a block, and rows below which q8 and q4 leave the tiles too empty to be worth it:
// their sums are exact, so both ways give the same bits.
enum { TILE_HEIGHT = 16, TILE_BLOCK_ROWS = 32, TILE_LEAST_ROWS = 9 };

INLINE int tile_padded(int rows) { return (rows + TILE_HEIGHT - 1) / TILE_HEIGHT * TILE_HEIGHT; }
