/* Nothing to set up: these boards run at one clock, from memory without wait states. */
#include "startup.h"

void board_start(void) {
}
