/* The protocol: one request a line, one reply a line. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

/* place of a key's value, or NULL */
static const char *value(const char *request, const char *key) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *p = strstr(request, quoted);
    return p ? p + strlen(quoted) : NULL;
}

int text(const char *request, const char *key, char *out, int room) {
    const char *p = value(request, key);
    out[0] = 0;
    if (!p || *p != '"')
        return 0;
    int n = 0;
    for (p++; *p && *p != '"' && n < room - 1; p++)
        out[n++] = *p;
    out[n] = 0;
    return 1;
}

double number(const char *request, const char *key, double otherwise) {
    const char *p = value(request, key);
    return p ? strtod(p, NULL) : otherwise;
}

void *room_for(size_t bytes) {
    void *p = calloc(1, bytes + 64);
    if (!p) {
        fprintf(stderr, "no memory for %zu bytes\n", bytes);
        exit(1);
    }
    return p;
}

struct samples load(const char *path) {
    struct samples s = {NULL, -1};
    FILE *f = fopen(path, "rb");
    if (!f)
        return s;
    fseek(f, 0, SEEK_END);
    long bytes = ftell(f);
    rewind(f);
    s.x = room_for(bytes);
    s.n = fread(s.x, 1, bytes, f) == (size_t)bytes ? bytes / 2 : -1;
    fclose(f);
    return s;
}

int main(void) {
    static const struct {
        const char *name;
        const char *(*run)(const char *);
    } ops[] = {{"bench", op_bench}, {"receive", op_receive}, {"send", op_send}, {"code", op_code}};
    static char request[65536];
    while (fgets(request, sizeof request, stdin)) {
        char op[32];
        const char *wrong = "no such op";
        text(request, "op", op, sizeof op);
        printf("{\"ok\":true");
        for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
            if (!strcmp(op, ops[i].name))
                wrong = ops[i].run(request);
        if (wrong)
            printf(",\"error\":\"%s\"", wrong);
        printf("}\n");
        fflush(stdout);
    }
    return 0;
}
