#include "envguard.h"
#include "tree.h"
