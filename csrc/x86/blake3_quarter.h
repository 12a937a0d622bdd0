/*
 * QUARTER of blake3_lanes_template.h for x86. Compilers left alone add the operands in another order, spill words of the
 * state, and mix the steps: with 16 registers that took a third of the speed, with 32 a twentieth.
 *
 * With 16 registers (ROTATES is 0) 15 hold words of the state, v8 is in memory between the statements, and the register that
 * it leaves is what the shuffles and shifts need; VEX is 1 where instructions have three operands. With 32 (ROTATES is 1)
 * everything is in registers.
 */
#undef INTO
#undef MOVE
#undef ADD_INTO_T
#undef SHIFT
#undef TURN
#undef FOUR
#undef QUARTER

#define FOUR(op, from, to)                                                                                             \
    INTO(op, "%[" #from "0]", "%[" #to "0]")                                                                           \
    INTO(op, "%[" #from "1]", "%[" #to "1]")                                                                           \
    INTO(op, "%[" #from "2]", "%[" #to "2]")

#if ROTATES
#define INTO(op, from, to) "v" op " " from ", " to ", " to "\n\t"
#define TURN(to, count) "vprord $" #count ", " to ", " to "\n\t"

#define QUARTER(rd, rb, a0, b0, c0, d0, a1, b1, c1, d1, a2, b2, c2, d2, a3, b3, c3, d3, x0, x1, x2, x3)                \
    do {                                                                                                               \
        __asm__(FOUR("paddd", X, A) INTO("paddd", "%[X3]", "%[A3]")                                                    \
                FOUR("paddd", B, A) INTO("paddd", "%[B3]", "%[A3]")                                                    \
                FOUR("pxord", A, D) INTO("pxord", "%[A3]", "%[D3]")                                                    \
                TURN("%[D0]", rd) TURN("%[D1]", rd) TURN("%[D2]", rd) TURN("%[D3]", rd)                                \
                : [A0] "+v"(a0), [A1] "+v"(a1), [A2] "+v"(a2), [A3] "+v"(a3), [D0] "+v"(d0), [D1] "+v"(d1),            \
                  [D2] "+v"(d2), [D3] "+v"(d3)                                                                         \
                : [B0] "v"(b0), [B1] "v"(b1), [B2] "v"(b2), [B3] "v"(b3), [X0] "v"(x0), [X1] "v"(x1), [X2] "v"(x2),    \
                  [X3] "v"(x3));                                                                                       \
        __asm__(FOUR("paddd", D, C) INTO("paddd", "%[D3]", "%[C3]")                                                    \
                FOUR("pxord", C, B) INTO("pxord", "%[C3]", "%[B3]")                                                    \
                TURN("%[B0]", rb) TURN("%[B1]", rb) TURN("%[B2]", rb) TURN("%[B3]", rb)                                \
                : [C0] "+v"(c0), [C1] "+v"(c1), [C2] "+v"(c2), [C3] "+v"(c3), [B0] "+v"(b0), [B1] "+v"(b1),            \
                  [B2] "+v"(b2), [B3] "+v"(b3)                                                                         \
                : [D0] "v"(d0), [D1] "v"(d1), [D2] "v"(d2), [D3] "v"(d3));                                             \
    } while (0)
#else
#if VEX
#define INTO(op, from, to) "v" op " " from ", " to ", " to "\n\t"
#define MOVE(from, to) "vmovdqa " from ", " to "\n\t"
#define ADD_INTO_T(memory, with) "vpaddd " memory ", " with ", %[t]\n\t"
#define SHIFT(op, count, from, to) "v" op " $" count ", " from ", " to "\n\t"
#define TURN(to, right, left) SHIFT("psrld", right, to, "%[t]") SHIFT("pslld", left, to, to) INTO("por", "%[t]", to)
#else
#define INTO(op, from, to) op " " from ", " to "\n\t"
#define MOVE(from, to) "movdqa " from ", " to "\n\t"
#define ADD_INTO_T(memory, with) MOVE(memory, "%[t]") INTO("paddd", with, "%[t]")
#define TURN(to, right, left)                                                                                          \
    MOVE(to, "%[t]") "psrld $" right ", %[t]\n\tpslld $" left ", " to "\n\t" INTO("por", "%[t]", to)
#endif
#define TURN12(to) TURN(to, "12", "20")
#define TURN7(to) TURN(to, "7", "25")

#define QUARTER(rd, rb, a0, b0, c0, d0, a1, b1, c1, d1, a2, b2, c2, d2, a3, b3, c3, d3, x0, x1, x2, x3)                \
    do {                                                                                                               \
        VECTOR t;                                                                                                      \
        __asm__(FOUR("paddd", X, A) INTO("paddd", "%[X3]", "%[A3]")                                                    \
                FOUR("paddd", B, A) INTO("paddd", "%[B3]", "%[A3]")                                                    \
                MOVE("%[by]", "%[t]")                                                                                  \
                FOUR("pxor", A, D) INTO("pxor", "%[A3]", "%[D3]")                                                      \
                INTO("pshufb", "%[t]", "%[D0]") INTO("pshufb", "%[t]", "%[D1]") INTO("pshufb", "%[t]", "%[D2]")        \
                INTO("pshufb", "%[t]", "%[D3]")                                                                        \
                : [A0] "+x"(a0), [A1] "+x"(a1), [A2] "+x"(a2), [A3] "+x"(a3), [D0] "+x"(d0), [D1] "+x"(d1),            \
                  [D2] "+x"(d2), [D3] "+x"(d3), [t] "=&x"(t)                                                           \
                : [B0] "x"(b0), [B1] "x"(b1), [B2] "x"(b2), [B3] "x"(b3), [X0] "m"(x0), [X1] "m"(x1), [X2] "m"(x2),    \
                  [X3] "m"(x3), [by] "m"(by##rd));                                                                     \
        __asm__(ADD_INTO_T("%[C0]", "%[D0]") INTO("paddd", "%[D1]", "%[C1]") INTO("paddd", "%[D2]", "%[C2]")           \
                INTO("paddd", "%[D3]", "%[C3]") MOVE("%[t]", "%[C0]")                                                  \
                INTO("pxor", "%[t]", "%[B0]") INTO("pxor", "%[C1]", "%[B1]") INTO("pxor", "%[C2]", "%[B2]")            \
                INTO("pxor", "%[C3]", "%[B3]")                                                                         \
                TURN##rb("%[B0]") TURN##rb("%[B1]") TURN##rb("%[B2]") TURN##rb("%[B3]")                                \
                : [B0] "+x"(b0), [B1] "+x"(b1), [B2] "+x"(b2), [B3] "+x"(b3), [C0] "+m"(c0), [C1] "+x"(c1),            \
                  [C2] "+x"(c2), [C3] "+x"(c3), [t] "=&x"(t)                                                           \
                : [D0] "x"(d0), [D1] "x"(d1), [D2] "x"(d2), [D3] "x"(d3));                                             \
    } while (0)
#endif
