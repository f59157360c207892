/* What the libraries' codecs make of a file, for comparison bit by bit. */
#include "peer.h"

#include <gsm.h>
#include <spandsp.h>
#include <stdlib.h>
#include <string.h>

static FILE *out;

static void put(const void *p, long bytes) { fwrite(p, 1, bytes > 0 ? bytes : 0, out); }

static void code_libgsm(int enc, int wav49, const struct samples *s, const uint8_t *b, long bytes) {
    gsm g = gsm_create();
    uint8_t f[66];
    int16_t y[320];
    int one = 1, frame = wav49 ? 65 : 33, n = wav49 ? 320 : 160;
    if (wav49)
        gsm_option(g, GSM_OPT_WAV49, &one);
    for (long i = 0; enc && i + n <= s->n; i += n) {
        gsm_encode(g, s->x + i, f);
        if (wav49)
            gsm_encode(g, s->x + i + 160, f + 32);
        put(f, frame);
    }
    for (long i = 0; !enc && i + frame <= bytes; i += frame) {
        gsm_decode(g, (gsm_byte *)b + i, y);
        if (wav49)
            gsm_decode(g, (gsm_byte *)b + i + 33, y + 160);
        put(y, 2 * n);
    }
    gsm_destroy(g);
}

/* {"op":"code","what":"enc|dec","codec":C,"file":F,"out":F}: C is gsm, gsm49,
 * libgsm, libgsm49, ima (WAV blocks of 505 samples), vox, mulaw, alaw or
 * g726-RATEr|l, packed to the right or left */
const char *op_code(const char *request) {
    char what[8], codec[32], path[4096], to[4096];
    if (!text(request, "what", what, sizeof what) || !text(request, "codec", codec, sizeof codec) ||
        !text(request, "file", path, sizeof path) || !text(request, "out", to, sizeof to))
        return "what, codec, file or out is missing";
    struct samples s = load(path);
    if (s.n < 0)
        return "the file cannot be read";
    if (!(out = fopen(to, "wb"))) {
        free(s.x);
        return "out cannot be written";
    }
    int enc = !strcmp(what, "enc");
    const uint8_t *b = (const uint8_t *)s.x;
    FILE *f = fopen(path, "rb");
    fseek(f, 0, SEEK_END);
    long bytes = ftell(f); /* of a code: it may be odd */
    fclose(f);
    uint8_t *code = room_for(3 * bytes);
    int16_t *y = room_for(16 * bytes);
    const char *wrong = NULL;
    if (!strncmp(codec, "libgsm", 6)) {
        code_libgsm(enc, codec[6] != 0, &s, b, bytes);
    } else if (!strncmp(codec, "gsm", 3)) {
        int wav49 = codec[3] != 0, n = wav49 ? 320 : 160, frame = wav49 ? 65 : 33;
        gsm0610_state_t *g = gsm0610_init(NULL, wav49 ? GSM0610_PACKING_WAV49 : GSM0610_PACKING_VOIP);
        for (long i = 0; enc && i + n <= s.n; i += n)
            put(code, gsm0610_encode(g, code, s.x + i, n));
        for (long i = 0; !enc && i + frame <= bytes; i += frame)
            put(y, 2 * gsm0610_decode(g, y, b + i, frame));
        gsm0610_free(g);
    } else if (!strcmp(codec, "ima")) {
        ima_adpcm_state_t *a = ima_adpcm_init(NULL, IMA_ADPCM_IMA4, 0);
        for (long i = 0; enc && i + 505 <= s.n; i += 505)
            put(code, ima_adpcm_encode(a, code, s.x + i, 505));
        for (long i = 0; !enc && i + 256 <= bytes; i += 256)
            put(y, 2 * ima_adpcm_decode(a, y, b + i, 256));
        ima_adpcm_free(a);
    } else if (!strcmp(codec, "vox")) {
        oki_adpcm_state_t *a = oki_adpcm_init(NULL, 32000);
        if (enc)
            put(code, oki_adpcm_encode(a, code, s.x, s.n));
        else
            put(y, 2 * oki_adpcm_decode(a, y, b, bytes));
        oki_adpcm_free(a);
    } else if (!strncmp(codec, "g726-", 5)) {
        g726_state_t *g = g726_init(NULL, 1000 * atoi(codec + 5), G726_ENCODING_LINEAR, codec[7] == 'r' ? G726_PACKING_RIGHT : G726_PACKING_LEFT);
        if (enc)
            put(code, g726_encode(g, code, s.x, s.n));
        else
            put(y, 2 * g726_decode(g, y, b, bytes));
        g726_free(g);
    } else if (!strcmp(codec, "mulaw") || !strcmp(codec, "alaw")) {
        g711_state_t *g = g711_init(NULL, codec[0] == 'm' ? G711_ULAW : G711_ALAW);
        if (enc)
            put(code, g711_encode(g, code, s.x, s.n));
        else
            put(y, 2 * g711_decode(g, y, b, bytes));
        g711_free(g);
    } else {
        wrong = "no such codec";
    }
    fclose(out);
    free(code);
    free(y);
    free(s.x);
    return wrong;
}
