/*
 * QUARTER of blake3_lanes_template.h where there are only 16 registers: 15 hold words of the state, v15 is in memory between
 * the two statements here, and the register that it leaves is what the rotations need. Compilers left alone spill other
 * words, and wait for them: that took a third of the speed. VEX is 1 where instructions have three operands.
 */
#undef INTO
#undef INTO3
#undef SHIFT
#undef SHIFT_SELF
#undef STORE
#undef LEFT_OF_12
#undef LEFT_OF_7
#undef TURN
#undef INTO3_SHUFFLE

#if VEX
#define INTO(op, from, to) "v" op " " from ", " to ", " to "\n\t"
#define INTO3(op, from, with, to) "v" op " " from ", " with ", " to "\n\t"
#define SHIFT(op, count, from, to) "v" op " $" count ", " from ", " to "\n\t"
#define STORE(from, to) "vmovdqa " from ", " to "\n\t"
#else
#define INTO(op, from, to) op " " from ", " to "\n\t"
#define INTO3(op, from, with, to) "movdqa " from ", " to "\n\t" op " " with ", " to "\n\t"
#define SHIFT(op, count, from, to) "movdqa " from ", " to "\n\t" op " $" count ", " to "\n\t"
#define STORE(from, to) "movdqa " from ", " to "\n\t"
#endif
#if VEX
#define SHIFT_SELF(op, count, to) SHIFT(op, count, to, to)
#else
#define SHIFT_SELF(op, count, to) op " $" count ", " to "\n\t"
#endif

#define LEFT_OF_12 "20"
#define LEFT_OF_7 "25"
#define TURN(b, rb)                                                                                                    \
    SHIFT("psrld", #rb, b, "%[t]") SHIFT_SELF("pslld", LEFT_OF_##rb, b) INTO("por", "%[t]", b)

#define QUARTER(rd, rb, a0, b0, c0, d0, a1, b1, c1, d1, a2, b2, c2, d2, a3, b3, c3, d3, x0, x1, x2, x3)                \
    do {                                                                                                               \
        VECTOR t;                                                                                                      \
        __asm__(INTO("paddd", "%[m0]", "%[A0]") INTO("paddd", "%[m1]", "%[A1]") INTO("paddd", "%[m2]", "%[A2]")        \
                    INTO("paddd", "%[m3]", "%[A3]") INTO("paddd", "%[B0]", "%[A0]") INTO("paddd", "%[B1]", "%[A1]")    \
                        INTO("paddd", "%[B2]", "%[A2]") INTO("paddd", "%[B3]", "%[A3]")                                \
                            INTO("pxor", "%[A0]", "%[D0]") INTO("pxor", "%[A1]", "%[D1]")                              \
                                INTO("pxor", "%[A2]", "%[D2]") INTO3("pxor", "%[D3]", "%[A3]", "%[t]")                 \
                                    INTO3_SHUFFLE("%[D0]") INTO3_SHUFFLE("%[D1]") INTO3_SHUFFLE("%[D2]")               \
                                        INTO3_SHUFFLE("%[t]")                                                          \
                : [A0] "+x"(a0), [A1] "+x"(a1), [A2] "+x"(a2), [A3] "+x"(a3), [D0] "+x"(d0), [D1] "+x"(d1),            \
                  [D2] "+x"(d2), [t] "=&x"(t)                                                                          \
                : [B0] "x"(b0), [B1] "x"(b1), [B2] "x"(b2), [B3] "x"(b3), [m0] "m"(x0), [m1] "m"(x1), [m2] "m"(x2),    \
                  [m3] "m"(x3), [D3] "m"(d3), [by] "m"(by##rd));                                                       \
        __asm__(INTO("paddd", "%[D0]", "%[C0]") INTO("paddd", "%[D1]", "%[C1]") INTO("paddd", "%[D2]", "%[C2]")        \
                    INTO("paddd", "%[t]", "%[C3]") STORE("%[t]", "%[D3]") INTO("pxor", "%[C0]", "%[B0]")               \
                        INTO("pxor", "%[C1]", "%[B1]") INTO("pxor", "%[C2]", "%[B2]") INTO("pxor", "%[C3]", "%[B3]")   \
                            TURN("%[B0]", rb) TURN("%[B1]", rb) TURN("%[B2]", rb) TURN("%[B3]", rb)                    \
                : [B0] "+x"(b0), [B1] "+x"(b1), [B2] "+x"(b2), [B3] "+x"(b3), [C0] "+x"(c0), [C1] "+x"(c1),            \
                  [C2] "+x"(c2), [C3] "+x"(c3), [D3] "=m"(d3), [t] "+x"(t)                                             \
                : [D0] "x"(d0), [D1] "x"(d1), [D2] "x"(d2));                                                           \
    } while (0)
#define INTO3_SHUFFLE(d) INTO("pshufb", "%[by]", d)
