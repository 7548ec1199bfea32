/* A disk that misbehaves on demand: while the file $FAULT_FILE holds the name of an error, whatever writes to a regular file
 * or makes it durable fails with that error. Loaded before the program (LD_PRELOAD); reading is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The error that is wanted now; 0: the disk is well. Asked by system calls, which nothing here replaces. */
static int wanted(void) {
    const char *path = getenv("FAULT_FILE");
    char word[16] = {0};
    if (!path) return 0;
    int before = errno;
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        (void)!syscall(SYS_read, file, word, sizeof word - 1);
        syscall(SYS_close, file);
    }
    errno = before;
    if (!strncmp(word, "full", 4)) return ENOSPC;
    if (!strncmp(word, "readonly", 8)) return EROFS;
    if (!strncmp(word, "dead", 4)) return EIO;
    return 0;
}

/* Sockets, pipes and terminals are no disk. */
static int is_sick(int file) {
    struct stat about;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) return 0;
    int error = wanted();
    if (error) errno = error;
    return error;
}

#define REPLACE(result, name, arguments, names)                          \
    result name arguments {                                              \
        static result(*real) arguments;                                  \
        if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name);            \
        return is_sick(file) ? -1 : real names;                          \
    }

REPLACE(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
REPLACE(ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t at), (file, bytes, count, at))
REPLACE(ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t at), (file, bytes, count, at))
REPLACE(int, fsync, (int file), (file))
REPLACE(int, fdatasync, (int file), (file))
REPLACE(int, ftruncate, (int file, off_t length), (file, length))
REPLACE(int, ftruncate64, (int file, off64_t length), (file, length))
REPLACE(int, fallocate, (int file, int mode, off_t at, off_t length), (file, mode, at, length))
