/* What spandsp's generators make, into a file. */
#include "peer.h"

#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES /* steps of super_tone_tx are linked by hand */
#include <spandsp.h>
#include <stdlib.h>
#include <string.h>

static FILE *out;
static long written;

static void put(const int16_t *x, int n) {
    fwrite(x, 2, n, out);
    written += n;
}

static void silence(int n) {
    static const int16_t zero[BLOCK];
    for (; n > 0; n -= BLOCK)
        put(zero, n < BLOCK ? n : BLOCK);
}

static void send_keys(const char *request) {
    char keys[8192];
    int16_t x[BLOCK];
    text(request, "keys", keys, sizeof keys);
    dtmf_tx_state_t *s = dtmf_tx_init(NULL);
    dtmf_tx_set_level(s, (int)number(request, "level", -10), (int)number(request, "twist", 0));
    dtmf_tx_set_timing(s, (int)number(request, "on", 50), (int)number(request, "off", 50));
    for (const char *p = keys; *p; p++) {
        dtmf_tx_put(s, p, 1);
        for (int n = BLOCK; n == BLOCK;) {
            n = dtmf_tx(s, x, BLOCK);
            put(x, n);
        }
    }
    dtmf_tx_free(s);
}

/* Messages are given in hexadecimal digits without checksum, one after the
 * other with a comma between; keys as they are. */
static const char *send_messages(const char *request, int standard) {
    static char messages[65536];
    text(request, "messages", messages, sizeof messages);
    for (char *m = strtok(messages, ","); m; m = strtok(NULL, ",")) {
        uint8_t body[512];
        int n = 0;
        if (standard == ADSI_STANDARD_CLIP_DTMF)
            for (n = 0; m[n] && n < 512; n++)
                body[n] = m[n];
        else
            for (unsigned v; n < 512 && m[2 * n] && sscanf(m + 2 * n, "%2x", &v) == 1; n++)
                body[n] = v;
        adsi_tx_state_t *s = adsi_tx_init(NULL, standard);
        if (adsi_tx_put_message(s, body, n) < 0) {
            adsi_tx_free(s);
            return "spandsp refuses the message";
        }
        int16_t x[BLOCK];
        long limit = written + 20 * 8000;
        for (int k = BLOCK; k == BLOCK && written < limit;) {
            k = adsi_tx(s, x, BLOCK);
            put(x, k);
        }
        adsi_tx_free(s);
        silence(2400);
    }
    return NULL;
}

/* modem_connect_tones_tx: the number of the tone, for some samples */
static void send_modem(int tone, long samples) {
    modem_connect_tones_tx_state_t *s = modem_connect_tones_tx_init(NULL, tone);
    int16_t x[BLOCK];
    for (long i = 0; i < samples; i += BLOCK) {
        int n = modem_connect_tones_tx(s, x, BLOCK);
        put(x, n);
        if (n < BLOCK)
            break;
    }
    modem_connect_tones_tx_free(s);
}

/* super_tone_tx: "parts" is f1,f2,on,off;…  in Hz and ms, each with a level */
static void send_tones(const char *request, long samples) {
    char parts[1024];
    text(request, "parts", parts, sizeof parts);
    float level = number(request, "level", -13);
    super_tone_tx_step_t *first = NULL, *last = NULL;
    for (char *p = strtok(parts, ";"); p; p = strtok(NULL, ";")) {
        float a = 0, b = 0;
        int on = 0, off = 0;
        sscanf(p, "%f,%f,%d,%d", &a, &b, &on, &off);
        for (int k = 0; k < 2; k++) {
            int ms = k ? off : on;
            if (k && !ms)
                break;
            super_tone_tx_step_t *t = super_tone_tx_make_step(NULL, k ? 0 : a, level, k ? 0 : b, level, ms, 1);
            if (!first)
                first = t;
            else
                last->next = t;
            last = t;
        }
    }
    super_tone_tx_step_t *root = super_tone_tx_make_step(NULL, 0, 0, 0, 0, 0, 0); /* plays what is nested in it again and again */
    root->nest = first;
    super_tone_tx_state_t *s = super_tone_tx_init(NULL, root);
    int16_t x[BLOCK];
    for (long i = 0; i < samples; i += BLOCK) {
        int n = super_tone_tx(s, x, BLOCK);
        put(x, n);
        if (n < BLOCK)
            break;
    }
    super_tone_tx_free(s);
    super_tone_tx_free_tone(root);
}

static uint32_t random_state;
static int flags; /* instead of random bits */
static FILE *bits_out;

static int next_bit(void *user) {
    long *left = user;
    if ((*left)-- <= 0)
        return SIG_STATUS_END_OF_DATA;
    random_state = random_state * 1664525u + 1013904223u;
    int bit = flags ? (0x7E >> *left % 8) & 1 : random_state >> 31;
    fputc('0' + bit, bits_out);
    return bit;
}

/* fsk_tx: random bits or, with "flags":1, those of HDLC, which are written to
 * the file "bits" */
static const char *send_bits(const char *request, int preset) {
    char path[4096];
    if (!text(request, "bits", path, sizeof path) || !(bits_out = fopen(path, "w")))
        return "bits cannot be written";
    random_state = (uint32_t)number(request, "seed", 1);
    flags = (int)number(request, "flags", 0);
    long left = (long)number(request, "count", 1000);
    fsk_tx_state_t *s = fsk_tx_init(NULL, &preset_fsk_specs[preset], next_bit, &left);
    fsk_tx_power(s, number(request, "level", -14));
    int16_t x[BLOCK];
    for (int n = BLOCK; n == BLOCK;) {
        n = fsk_tx(s, x, BLOCK);
        put(x, n);
    }
    fsk_tx_free(s);
    fclose(bits_out);
    return NULL;
}

/* {"op":"send","what":"dtmf|class|clip|jclip|keys|tones|modem-N|fsk-N","file":F,…} */
const char *op_send(const char *request) {
    char what[32], path[4096];
    const char *wrong = NULL;
    if (!text(request, "what", what, sizeof what) || !text(request, "file", path, sizeof path))
        return "what or file is missing";
    long samples = (long)number(request, "samples", 8000);
    if (!(out = fopen(path, "wb")))
        return "the file cannot be written";
    written = 0;
    silence((int)number(request, "before", 1600));
    if (!strcmp(what, "dtmf"))
        send_keys(request);
    else if (!strcmp(what, "class"))
        wrong = send_messages(request, ADSI_STANDARD_CLASS);
    else if (!strcmp(what, "clip"))
        wrong = send_messages(request, ADSI_STANDARD_CLIP);
    else if (!strcmp(what, "jclip"))
        wrong = send_messages(request, ADSI_STANDARD_JCLIP);
    else if (!strcmp(what, "keys"))
        wrong = send_messages(request, ADSI_STANDARD_CLIP_DTMF);
    else if (!strcmp(what, "tones"))
        send_tones(request, samples);
    else if (!strncmp(what, "modem-", 6))
        send_modem(atoi(what + 6), samples);
    else if (!strncmp(what, "fsk-", 4))
        wrong = send_bits(request, atoi(what + 4));
    else
        wrong = "no such generator";
    silence((int)number(request, "after", 4000));
    fclose(out);
    printf(",\"samples\":%ld", written);
    return wrong;
}
