#include "ep_neon_s8.h"

#include <sys/auxv.h>

#define DOT_PRODUCTS (1ul << 20) /* HWCAP_ASIMDDP, which older headers lack */

int ep_neon_has_dot_products(void) {
    static int known = -1;
    if (known < 0) {
        known = (getauxval(AT_HWCAP) & DOT_PRODUCTS) != 0;
    }
    return known;
}
