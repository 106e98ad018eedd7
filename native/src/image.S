// The GPU images as data; the build gives the names of the files, an empty one where an image was not made. A zero byte ends each (PTX is text).
    .section .rodata
#define IMAGE(name, file)         \
    .balign 64;                   \
    .globl name;                  \
    .globl name##_end;            \
    .hidden name;                 \
    .hidden name##_end;           \
name:                             \
    .incbin file;                 \
name##_end:                       \
    .byte 0

IMAGE(sidr_image_fatbin, SIDR_IMAGE_FATBIN)
IMAGE(sidr_image_ptx90, SIDR_IMAGE_PTX90)
IMAGE(sidr_image_ptx80, SIDR_IMAGE_PTX80)
    .section .note.GNU-stack,"",%progbits
