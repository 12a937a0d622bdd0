/* For kernels that hold the same word of several rows in each vector; VECTOR and what is done with one are theirs. */
#ifndef ENVGUARD_TRANSPOSE_H
#define ENVGUARD_TRANSPOSE_H

/* Four vectors of rows into four vectors of words, or back: a 4 by 4 transposition in each 128 bits. */
#define TRANSPOSE(a, b, c, d)                                                                                          \
    do {                                                                                                               \
        VECTOR low_ab = LOW32(a, b), high_ab = HIGH32(a, b), low_cd = LOW32(c, d), high_cd = HIGH32(c, d);             \
        (a) = LOW64(low_ab, low_cd);                                                                                   \
        (b) = HIGH64(low_ab, low_cd);                                                                                  \
        (c) = LOW64(high_ab, high_cd);                                                                                 \
        (d) = HIGH64(high_ab, high_cd);                                                                                \
    } while (0)

#endif
