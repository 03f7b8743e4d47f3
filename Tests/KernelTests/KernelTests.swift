import ActKernels
import Testing
