/* A libcuda.so.1 that answers as a file says (answers.h): which devices a program sees, and what they are. */
#include "answers.h"

static char value[512];

static int ask(const char *name, int fallback)
{
    return status_of(answer(value, sizeof value, "cuda.%s", name), value, fallback);
}

int cuInit(unsigned flags)
{
    (void)flags;
    return ask("init", 0);
}

int cuGetErrorName(int status, const char **name)
{
    *name = status == 100 ? "CUDA_ERROR_NO_DEVICE" : status == 803 ? "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH" : "CUDA_ERROR_UNKNOWN";
    return 0;
}

int cuDriverGetVersion(int *version)
{
    int status = ask("version", 999);
    *version = status ? 0 : atoi(value);
    return status;
}

int cuDeviceGetCount(int *count)
{
    int status = ask("count", 999);
    *count = status ? 0 : atoi(value);
    return status;
}

int cuDeviceGet(int *device, int index)
{
    *device = index;
    return 0;
}

static int of_device(int device, const char *name)
{
    return status_of(answer(value, sizeof value, "cuda.%d.%s", device, name), value, 999);
}

int cuDeviceGetName(char *out, int room, int device)
{
    int status = of_device(device, "name");
    if (!status) {
        snprintf(out, (size_t)room, "%s", value);
    }
    return status;
}

int cuDeviceGetUuid_v2(unsigned char *out, int device)
{
    int status = of_device(device, "uuid");
    size_t at = 0;
    for (size_t i = 0; !status && at < 16 && value[i] && value[i + 1]; i++) {
        unsigned byte;
        if (value[i] != '-' && sscanf(value + i, "%2x", &byte) == 1) {
            out[at++] = (unsigned char)byte;
            i++;
        }
    }
    return status;
}

int cuDeviceGetAttribute(int *out, int which, int device)
{
    char key[16];
    snprintf(key, sizeof key, "%d", which);
    int status = of_device(device, key);
    *out = status ? 0 : atoi(value);
    return status;
}
