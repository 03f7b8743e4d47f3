#include "act_kernels.h"
