/* How much processor time a job takes: blocks of a corpus, line after line, each
 * line with a state of its own, as a recorder works. */
#include "peer.h"

#include <gsm.h>
#include <spandsp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct samples corpus;
static const char *kind;  /* of the job */
static uint8_t *codes;    /* the corpus as the job's code */
static int code_bytes;    /* of a block */
static uint64_t hash;
static int hashing;
static long events;
static super_tone_rx_descriptor_t *set;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

/* FNV-1a of what was made, in an untimed pass only */
static void made(const void *p, int bytes) {
    __asm__ volatile("" ::"r"(p) : "memory");
    if (hashing)
        for (const uint8_t *b = p; bytes > 0; b++, bytes--)
            hash = (hash ^ *b) * 1099511628211ull;
}

static void on_tone(void *user, int code, int level, int delay) {
    (void)user, (void)level, (void)delay;
    if (code > 0)
        events++;
}

static void on_message(void *user, const uint8_t *m, int n) {
    (void)user, (void)m, (void)n;
    events++;
}

/* One line: whatever its jobs need. */
struct line {
    dtmf_rx_state_t *keys;
    super_tone_rx_state_t *tones;
    modem_connect_tones_rx_state_t *cng, *ced;
    adsi_rx_state_t *caller, *caller2;
    power_meter_t *power;
    int32_t threshold;
    long voice;
    gsm libgsm;
    gsm0610_state_t *gsm;
    ima_adpcm_state_t *ima;
    oki_adpcm_state_t *vox;
    g726_state_t *g726;
    g711_state_t *g711;
};

static uint8_t to_law[65536];
static int16_t from_law[256];

static int is(const char *name) { return !strcmp(kind, name); }
static int begins(const char *name) { return !strncmp(kind, name, strlen(name)); }

static void line_init(struct line *l) {
    int chain = is("chain");
    memset(l, 0, sizeof *l);
    if (is("dtmf") || chain)
        l->keys = dtmf_rx_init(NULL, NULL, NULL);
    if (begins("progress") || chain)
        l->tones = super_tone_rx_init(NULL, set, on_tone, NULL);
    if (is("modem") || chain) {
        l->cng = modem_connect_tones_rx_init(NULL, MODEM_CONNECT_TONES_FAX_CNG, on_tone, NULL);
        l->ced = modem_connect_tones_rx_init(NULL, MODEM_CONNECT_TONES_FAX_CED_OR_PREAMBLE, on_tone, NULL);
    }
    if (is("class") || is("both") || chain)
        l->caller = adsi_rx_init(NULL, ADSI_STANDARD_CLASS, on_message, NULL);
    if (is("clip") || is("both"))
        l->caller2 = adsi_rx_init(NULL, ADSI_STANDARD_CLIP, on_message, NULL);
    if (is("power") || chain) {
        l->power = power_meter_init(NULL, 7);
        l->threshold = power_meter_level_dbm0(-40);
    }
    if (begins("gsm") || chain)
        l->gsm = gsm0610_init(NULL, GSM0610_PACKING_VOIP);
    if (begins("libgsm"))
        l->libgsm = gsm_create();
    if (begins("ima"))
        l->ima = ima_adpcm_init(NULL, IMA_ADPCM_IMA4, 0);
    if (begins("vox"))
        l->vox = oki_adpcm_init(NULL, 32000);
    if (begins("g726"))
        l->g726 = g726_init(NULL, 32000, G726_ENCODING_LINEAR, G726_PACKING_LEFT);
    if (begins("mulaw"))
        l->g711 = g711_init(NULL, G711_ULAW);
    if (begins("alaw"))
        l->g711 = g711_init(NULL, G711_ALAW);
}

static void line_free(struct line *l) {
    if (l->keys) dtmf_rx_free(l->keys);
    if (l->tones) super_tone_rx_free(l->tones);
    if (l->cng) modem_connect_tones_rx_free(l->cng);
    if (l->ced) modem_connect_tones_rx_free(l->ced);
    if (l->caller) adsi_rx_free(l->caller);
    if (l->caller2) adsi_rx_free(l->caller2);
    if (l->power) power_meter_free(l->power);
    if (l->libgsm) gsm_destroy(l->libgsm);
    if (l->gsm) gsm0610_free(l->gsm);
    if (l->ima) ima_adpcm_free(l->ima);
    if (l->vox) oki_adpcm_free(l->vox);
    if (l->g726) g726_free(l->g726);
    if (l->g711) g711_free(l->g711);
}

/* listen gives a block to every detector of the line. */
static void listen(struct line *l, const int16_t *x, int n) {
    if (l->keys) {
        char digits[MAX_DTMF_DIGITS + 1];
        dtmf_rx(l->keys, x, n);
        events += dtmf_rx_get(l->keys, digits, MAX_DTMF_DIGITS);
    }
    if (l->tones)
        for (int at = 0; at < n;)
            at += super_tone_rx(l->tones, x + at, n - at);
    if (l->cng) {
        modem_connect_tones_rx(l->cng, x, n);
        modem_connect_tones_rx(l->ced, x, n);
    }
    if (l->caller)
        adsi_rx(l->caller, x, n);
    if (l->caller2)
        adsi_rx(l->caller2, x, n);
    if (l->power) {
        int32_t p = 0;
        for (int i = 0; i < n; i++)
            p = power_meter_update(l->power, x[i]);
        l->voice += p > l->threshold;
    }
}

/* encode makes the code of a block and says how many bytes it is. */
static int encode(struct line *l, uint8_t *out, const int16_t *x, int n) {
    if (l->gsm)
        return gsm0610_encode(l->gsm, out, x, n);
    if (l->libgsm) {
        gsm_encode(l->libgsm, (gsm_signal *)x, out);
        return 33;
    }
    if (l->ima)
        return ima_adpcm_encode(l->ima, out, x, n);
    if (l->vox)
        return oki_adpcm_encode(l->vox, out, x, n);
    if (l->g726)
        return g726_encode(l->g726, out, x, n);
    if (l->g711)
        return g711_encode(l->g711, out, x, n);
    for (int i = 0; i < n; i++) /* the plain table */
        out[i] = to_law[(uint16_t)x[i]];
    return n;
}

static int decode(struct line *l, int16_t *y, const uint8_t *in, int bytes) {
    if (l->gsm)
        return gsm0610_decode(l->gsm, y, in, bytes);
    if (l->libgsm) {
        gsm_decode(l->libgsm, (gsm_byte *)in, y);
        return BLOCK;
    }
    if (l->ima)
        return ima_adpcm_decode(l->ima, y, in, bytes);
    if (l->vox)
        return oki_adpcm_decode(l->vox, y, in, bytes);
    if (l->g726)
        return g726_decode(l->g726, y, in, bytes);
    if (l->g711)
        return g711_decode(l->g711, y, in, bytes);
    for (int i = 0; i < bytes; i++)
        y[i] = from_law[in[i]];
    return bytes;
}

static void one(struct line *l, long block, int n) {
    const int16_t *x = corpus.x + block * n;
    uint8_t out[2 * BLOCK + 512];
    int16_t y[4 * BLOCK];
    if (is("chain")) {
        for (int i = 0; i < n; i++)
            y[i] = ulaw_to_linear(codes[block * n + i]);
        listen(l, y, n);
        made(out, encode(l, out, y, n));
    } else if (code_bytes) {
        made(y, 2 * decode(l, y, codes + block * code_bytes, code_bytes));
    } else if (strstr(kind, "-enc")) {
        made(out, encode(l, out, x, n));
    } else {
        listen(l, x, n);
    }
}

/* {"op":"bench","what":JOB,"file":F,"lines":L,"blocks":B,"hash":0|1}; a job is
 * one of those that line_init knows, codecs with -enc or -dec behind. */
const char *op_bench(const char *request) {
    static char path[4096], loaded[4096], name[32];
    if (!text(request, "what", name, sizeof name) || !text(request, "file", path, sizeof path))
        return "what or file is missing";
    if (strcmp(path, loaded)) {
        free(corpus.x);
        corpus = load(path);
        strcpy(loaded, corpus.n < 0 ? "" : path);
        for (int i = 0; i < 65536; i++)
            to_law[i] = linear_to_ulaw((int16_t)i);
        for (int i = 0; i < 256; i++)
            from_law[i] = ulaw_to_linear(i);
    }
    if (corpus.n < 8 * BLOCK)
        return "the corpus cannot be read or is too short";
    kind = name;
    int lines = (int)number(request, "lines", 1), n = begins("ima") ? 505 : BLOCK;
    long all = corpus.n / n, blocks = (long)number(request, "blocks", all);
    set = tone_set(is("progress-world") ? "world" : "us");
    code_bytes = 0;
    codes = NULL;
    if (is("chain")) {
        codes = room_for(corpus.n);
        for (long i = 0; i < corpus.n; i++)
            codes[i] = linear_to_ulaw(corpus.x[i]);
    } else if (strstr(kind, "-dec")) {
        struct line l;
        line_init(&l);
        codes = room_for(2 * corpus.n);
        for (long i = 0; i < all; i++)
            code_bytes = encode(&l, codes + i * (long)code_bytes, corpus.x + i * n, n);
        line_free(&l);
    }
    struct line *l = room_for(lines * sizeof *l);
    for (int i = 0; i < lines; i++)
        line_init(&l[i]);
    hashing = (int)number(request, "hash", 0);
    hash = 14695981039346656037ull;
    events = 0;
    double began = now();
    for (long b = 0; b < blocks; b++)
        for (int i = 0; i < lines; i++)
            one(&l[i], (b + i * 61L) % all, n);
    double took = now() - began;
    for (int i = 0; i < lines; i++)
        line_free(&l[i]);
    free(l);
    free(codes);
    super_tone_rx_free_descriptor(set);
    printf(",\"cpu\":%.6f,\"samples\":%ld,\"count\":%ld,\"hash\":\"%016llx\"", took, blocks * lines * n, events, (unsigned long long)hash);
    return NULL;
}
