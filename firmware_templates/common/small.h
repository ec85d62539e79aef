/* Between SMALL_CODE_BEGIN and SMALL_CODE_END the compiler favours size: whatever only talks
 * to the host is never timed, and flash belongs to the model. */
#ifndef SMALL_H
#define SMALL_H

#if defined(__clang__)
#define SMALL_CODE_BEGIN                                                                           \
    _Pragma("clang attribute push(__attribute__((minsize)), apply_to = function)")
#define SMALL_CODE_END _Pragma("clang attribute pop")
#else
#define SMALL_CODE_BEGIN _Pragma("GCC push_options") _Pragma("GCC optimize(\"Os\")")
#define SMALL_CODE_END _Pragma("GCC pop_options")
#endif

#endif
