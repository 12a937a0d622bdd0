#include "envguard.h"
