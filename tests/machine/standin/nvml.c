/* A libnvidia-ml.so.1 that answers as a file says (answers.h). What is not in the file is not supported, as NVML has it. */
#include "answers.h"

#define NOT_SUPPORTED 3
#define NOT_FOUND 6
#define INSTANCES 1000 /* handles of MIG devices: this, and 16 for each GPU */

typedef void *handle;
typedef struct {
    char legacy[16];
    unsigned domain, bus, device, id, subsystem;
    char place[32];
} pci_info;
typedef struct {
    unsigned long long total, free, used;
} memory_info;
typedef struct {
    unsigned multiprocessors, copy, decoders, encoders, jpeg, ofa, slices, compute_slices;
    unsigned long long megabytes;
} attributes_info;

static char value[512];

static int ask(handle device, const char *name)
{
    size_t number = (size_t)device;
    int found = number > INSTANCES ? answer(value, sizeof value, "%zu.mig.%zu.%s", (number - INSTANCES - 1) / 16,
                                            (number - INSTANCES - 1) % 16, name)
                                   : answer(value, sizeof value, "%zu.%s", number - 1, name);
    return status_of(found, value, NOT_SUPPORTED);
}

static int text(handle device, const char *name, char *out, unsigned room)
{
    int status = ask(device, name);
    if (!status) {
        snprintf(out, room, "%s", value);
    }
    return status;
}

static int number(handle device, const char *name, unsigned *out)
{
    int status = ask(device, name);
    if (!status) {
        *out = (unsigned)strtoul(value, NULL, 10);
    }
    return status;
}

static int of_system(const char *name, char *out, unsigned room)
{
    int status = status_of(answer(value, sizeof value, "%s", name), value, NOT_SUPPORTED);
    if (!status) {
        snprintf(out, room, "%s", value);
    }
    return status;
}

int nvmlInitWithFlags(unsigned flags)
{
    (void)flags;
    printf("a driver that prints\n");
    return status_of(answer(value, sizeof value, "init"), value, 0);
}

const char *nvmlErrorString(int status)
{
    static char words[64];
    switch (status) {
    case 4:
        return "Insufficient Permissions";
    case 9:
        return "Driver Not Loaded";
    case 13:
        return "Function Not Found";
    case 15:
        return "GPU is lost";
    case 18:
        return "Driver/library version mismatch";
    default:
        snprintf(words, sizeof words, "Status %d", status);
        return words;
    }
}

int nvmlSystemGetDriverVersion(char *out, unsigned room)
{
    return of_system("driver", out, room);
}

int nvmlSystemGetCudaDriverVersion_v2(int *out)
{
    char words[32];
    int status = of_system("cuda", words, sizeof words);
    *out = status ? 0 : atoi(words);
    return status;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    static int calls;
    int found = ++calls > 1 && answer(value, sizeof value, "count.later");
    if (!found) {
        found = answer(value, sizeof value, "count");
    }
    *count = found ? (unsigned)atoi(value) : 0;
    return status_of(found, value, 0);
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, handle *device)
{
    *device = (handle)(size_t)(index + 1);
    int status = ask(*device, "handle");
    return status == NOT_SUPPORTED ? 0 : status;
}

int nvmlDeviceGetUUID(handle device, char *out, unsigned room)
{
    return text(device, "uuid", out, room);
}

int nvmlDeviceGetName(handle device, char *out, unsigned room)
{
    return text(device, "name", out, room);
}

int nvmlDeviceGetPciInfo_v3(handle device, pci_info *out)
{
    memset(out, 0, sizeof *out);
    return text(device, "bus", out->place, sizeof out->place);
}

int nvmlDeviceGetArchitecture(handle device, unsigned *out)
{
    return number(device, "architecture", out);
}

int nvmlDeviceGetCudaComputeCapability(handle device, int *major, int *minor)
{
    int status = ask(device, "capability");
    if (!status && sscanf(value, "%d.%d", major, minor) != 2) {
        return 999;
    }
    return status;
}

int nvmlDeviceGetMemoryInfo(handle device, memory_info *out)
{
    int status = ask(device, "memory");
    memset(out, 0, sizeof *out);
    out->total = status ? 0 : strtoull(value, NULL, 10) << 20;
    return status;
}

static int mode(handle device, const char *name, unsigned *current, unsigned *pending)
{
    int status = number(device, name, current);
    *pending = *current;
    return status;
}

int nvmlDeviceGetEccMode(handle device, unsigned *current, unsigned *pending)
{
    return mode(device, "ecc", current, pending);
}

int nvmlDeviceGetMigMode(handle device, unsigned *current, unsigned *pending)
{
    return mode(device, "mig", current, pending);
}

int nvmlDeviceGetVbiosVersion(handle device, char *out, unsigned room)
{
    return text(device, "vbios", out, room);
}

int nvmlDeviceGetGspFirmwareVersion(handle device, char *out)
{
    return text(device, "firmware", out, 64);
}

int nvmlDeviceGetPersistenceMode(handle device, unsigned *out)
{
    return number(device, "persistence", out);
}

int nvmlDeviceGetNvLinkState(handle device, unsigned link, unsigned *out)
{
    int status = ask(device, "nvlinks");
    if (!status && link >= (unsigned)atoi(value)) {
        return 2; /* invalid argument: there is no such link */
    }
    *out = !status;
    return status;
}

int nvmlDeviceGetMaxMigDeviceCount(handle device, unsigned *out)
{
    (void)device;
    *out = 7;
    return 0;
}

int nvmlDeviceGetMigDeviceHandleByIndex(handle device, unsigned index, handle *out)
{
    *out = (handle)(INSTANCES + 1 + ((size_t)device - 1) * 16 + index);
    return ask(*out, "uuid") == NOT_SUPPORTED ? NOT_FOUND : 0;
}

int nvmlDeviceGetGpuInstanceId(handle device, unsigned *out)
{
    return number(device, "gi", out);
}

int nvmlDeviceGetComputeInstanceId(handle device, unsigned *out)
{
    return number(device, "ci", out);
}

int nvmlDeviceGetAttributes_v2(handle device, attributes_info *out)
{
    int status = ask(device, "attributes");
    memset(out, 0, sizeof *out);
    if (!status && sscanf(value, "%u %llu", &out->multiprocessors, &out->megabytes) != 2) {
        return 999;
    }
    return status;
}
