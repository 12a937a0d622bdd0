/* What of the processor's features may be used: what it has, and eg_cpu_limit() leaves of that. */
#ifndef ENVGUARD_CPU_FEATURES_H
#define ENVGUARD_CPU_FEATURES_H

#include <stdint.h>

uint32_t eg_cpu_usable(void);

#endif
