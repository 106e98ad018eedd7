# clang 14 knows architectures up to sm_86. The source's cluster instructions are written as assembly, which it passes through; this states the
# version and target that they need. PTX of sm_80 is valid for sm_90.
file(READ ${IN} text)
string(REGEX REPLACE "\n\\.version [0-9.]+" "\n.version 7.8" text "${text}")
string(REGEX REPLACE "\n\\.target sm_80[^\n]*" "\n.target sm_90" text "${text}")
file(WRITE ${OUT} "${text}")
