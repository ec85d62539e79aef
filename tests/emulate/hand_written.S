@ A program that no compiler wrote: every kind of instruction that the timing rules tell apart, and
@ data in flash that the cache model must find or miss.  `work` is what is timed.
        .syntax unified
        .thumb

        .section .vectors, "a"
        .word   0x20010000
        .word   Reset_Handler

        .text
        .thumb_func
        .global Reset_Handler
Reset_Handler:
        ldr     r0, =0xE000ED88         @ CPACR: the floating-point unit on
        ldr     r1, [r0]
        orr     r1, r1, #0xF00000
        str     r1, [r0]
        dsb
        isb
        bl      main
1:      wfi
        b       1b

        .thumb_func
        .global main
main:   bx      lr

        .thumb_func
        .global work
work:   push    {r4-r11, lr}
        vpush   {s16-s19}
        ldr     r4, =table
        ldr     r5, =0x20000100
        movw    r6, #2000
loop:   ldr     r0, [r4]                @ flash, in order
        ldr     r1, [r4, #4]
        ldrd    r2, r3, [r4, #8]
        smlad   r7, r0, r1, r2
        smulbb  r8, r2, r3
        str     r7, [r5]
        strh    r8, [r5, #4]
        ldr     r9, [r5, #1]            @ RAM, unaligned
        ldrh    r10, [r5, #3]
        and     r11, r6, #0xFC
        ldr     r12, [r4, r11]          @ flash, all over the table
        tst     r6, #1
        ite     eq
        ldreq   r0, [r5, #8]            @ inside an IT block
        addne   r0, r0, #3
        cmp     r6, #1000
        bls     small
        udiv    r0, r7, r6
        umull   r1, r2, r7, r8
        add     r4, r4, #4
        ldr     r3, =table + 256
        cmp     r4, r3
        it      hs
        subhs   r4, r4, #256
        b       next
small:  vmov    s16, r0
        vcvt.f32.s32 s16, s16
        vmla.f32 s17, s16, s16
        vstr    s17, [r5, #12]
        stmia   r5, {r0-r3}
        ldmia   r5, {r0-r3}
        and     r3, r6, #3
        tbb     [pc, r3]
targets:
        .byte   (zero - targets) / 2
        .byte   (one - targets) / 2
        .byte   (two - targets) / 2
        .byte   (three - targets) / 2
zero:   adds    r0, #1
one:    adds    r0, #2
two:    cbz     r0, three
        subs    r0, #1
three:  ldr     r3, =leaf
        blx     r3
next:   subs    r6, r6, #1
        bne.w   loop
        vpop    {s16-s19}
        pop     {r4-r11, pc}

        .balign 4
        nop
        .thumb_func
leaf:   add.w   r0, r0, r1              @ three wide instructions, none word-aligned
        add.w   r0, r0, r2
        add.w   r0, r0, r3
        bx      lr
        .ltorg

        .balign 16
table:  .set    value, 1
        .rept   256
        .word   (value * 2654435761) & 0xFFFFFFFF
        .set    value, value + 1
        .endr
