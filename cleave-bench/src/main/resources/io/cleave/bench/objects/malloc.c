/* A subject of "./bench objects": pairs of malloc and free of the C library, called in C. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 1000 };

static void *blocks[MOST];

static double nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

/* So many blocks are allocated, then all are freed, until there were enough pairs. */
static double pairs(long count, long at_once, size_t bytes) {
    double start = nanos();
    long done = 0;
    while (done < count) {
        for (long i = 0; i < at_once; i++) {
            blocks[i] = malloc(bytes);
            *(volatile char *) blocks[i] = 1;
        }
        for (long i = 0; i < at_once; i++) {
            free(blocks[i]);
        }
        done += at_once;
    }
    return (nanos() - start) / done;
}

int main(void) {
    char word[16];
    long count;
    long at_once;
    long bytes;
    puts("ready");
    fflush(stdout);
    while (scanf("%15s %ld %ld %ld", word, &count, &at_once, &bytes) == 4 && at_once <= MOST) {
        printf("%.4f\n", pairs(count, at_once, bytes));
        fflush(stdout);
    }
    return 0;
}
