/* What spandsp's receivers hear in a file. */
#include "peer.h"

#include <spandsp.h>
#include <stdlib.h>
#include <string.h>

static long position; /* of the block that is being received */
static int events;

static void tell(const char *what, int level) {
    printf("%s{\"at\":%ld,\"what\":\"%s\",\"level\":%d}", events++ ? "," : "", position, what, level);
}

static void heard_message(void *user, const uint8_t *m, int n) {
    char hex[2 * 1024 + 1];
    (void)user;
    for (int i = 0; i < n && i < 1024; i++)
        sprintf(hex + 2 * i, "%02X", m[i]);
    hex[2 * (n < 1024 ? n : 1024)] = 0;
    tell(hex, 0);
}

static void heard_modem(void *user, int tone, int level, int delay) {
    (void)user, (void)delay;
    if (tone != MODEM_CONNECT_TONES_NONE)
        tell(modem_connect_tone_to_str(tone), level);
}

static void heard_tone(void *user, int tone, int level, int delay) {
    (void)user, (void)delay;
    if (tone >= 0)
        tell(tone_name(tone), level);
}

/* Tones of exchanges, from the ITU's list under E.180 and GB/T 3380: two
 * frequencies, then ms on and off, at least and at most. */
struct pattern {
    const char *set, *name;
    int a, b;
    int times[14];
};

static const struct pattern patterns[] = {
    {"us", "dial", 350, 440, {700, 0}},
    {"us", "busy", 480, 620, {400, 600, 400, 600, 400, 600}},
    {"us", "congestion", 480, 620, {200, 300, 200, 300, 200, 300}},
    {"us", "ringback", 440, 480, {1700, 2300, 3500, 4500}},
    {"eu", "dial", 425, 0, {700, 0}},
    {"eu", "busy", 425, 0, {400, 600, 400, 600, 400, 600}},
    {"eu", "congestion", 425, 0, {200, 300, 200, 300, 200, 300}},
    {"eu", "ringback", 425, 0, {800, 1200, 3000, 5500}},
    {"gb", "ringback", 400, 450, {300, 500, 150, 250, 300, 500, 1500, 2500}},
    {"cn", "dial", 450, 0, {700, 0}},
    {"cn", "busy", 450, 0, {300, 400, 300, 400, 300, 400}},
    {"sit", "sit-1", 950, 0, {280, 380}},
    {"sit", "sit-2", 1400, 0, {280, 380}},
    {"sit", "sit-3", 1800, 0, {280, 380}},
};
static const struct pattern *chosen[sizeof patterns / sizeof *patterns]; /* of the set made last, by id */

const char *tone_name(int id) { return id >= 0 && chosen[id] ? chosen[id]->name : "?"; }

void *tone_set(const char *name) {
    super_tone_rx_descriptor_t *d = super_tone_rx_make_descriptor(NULL);
    memset(chosen, 0, sizeof chosen);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        const struct pattern *p = &patterns[i];
        if (strcmp(name, "world") && strcmp(name, p->set))
            continue;
        int id = super_tone_rx_add_tone(d);
        chosen[id] = p;
        for (int k = 0; k < 14 && p->times[k]; k += 2)
            super_tone_rx_add_element(d, id, k & 2 ? 0 : p->a, k & 2 ? 0 : p->b, p->times[k], p->times[k + 1]);
    }
    return d;
}

static int standard(const char *what) {
    return !strcmp(what, "class") ? ADSI_STANDARD_CLASS : !strcmp(what, "clip") ? ADSI_STANDARD_CLIP
        : !strcmp(what, "jclip") ? ADSI_STANDARD_JCLIP : !strcmp(what, "keys") ? ADSI_STANDARD_CLIP_DTMF : -1;
}

/* {"op":"receive","what":"dtmf|dtmf-filter|class|clip|jclip|keys|modem-N|tones-SET","file":F} */
const char *op_receive(const char *request) {
    char what[32], path[4096];
    if (!text(request, "what", what, sizeof what) || !text(request, "file", path, sizeof path))
        return "what or file is missing";
    struct samples s = load(path);
    if (s.n < 0)
        return "the file cannot be read";
    dtmf_rx_state_t *keys = NULL;
    adsi_rx_state_t *caller = NULL;
    modem_connect_tones_rx_state_t *modem = NULL;
    super_tone_rx_state_t *tones = NULL;
    super_tone_rx_descriptor_t *set = NULL;
    if (!strncmp(what, "dtmf", 4)) {
        keys = dtmf_rx_init(NULL, NULL, NULL);
        if (what[4])
            dtmf_rx_parms(keys, 1, -1, -1, -99);
    } else if (!strncmp(what, "modem-", 6)) {
        modem = modem_connect_tones_rx_init(NULL, atoi(what + 6), heard_modem, NULL);
    } else if (!strncmp(what, "tones-", 6)) {
        set = tone_set(what + 6);
        tones = super_tone_rx_init(NULL, set, heard_tone, NULL);
    } else if (standard(what) >= 0) {
        caller = adsi_rx_init(NULL, standard(what), heard_message, NULL);
    } else {
        free(s.x);
        return "no such receiver";
    }
    events = 0;
    printf(",\"samples\":%ld,\"events\":[", s.n);
    for (position = 0; position < s.n;) {
        int n = s.n - position < BLOCK / 2 ? s.n - position : BLOCK / 2;
        const int16_t *x = s.x + position;
        position += n;
        if (keys) {
            char digits[MAX_DTMF_DIGITS + 1];
            dtmf_rx(keys, x, n);
            int k = dtmf_rx_get(keys, digits, MAX_DTMF_DIGITS);
            for (int i = 0; i < k; i++)
                tell((char[]){digits[i], 0}, 0);
        }
        if (caller)
            adsi_rx(caller, x, n);
        if (modem)
            modem_connect_tones_rx(modem, x, n);
        while (tones && n > 0) {
            int k = super_tone_rx(tones, x, n);
            if (k <= 0)
                break;
            x += k;
            n -= k;
        }
    }
    printf("]");
    if (keys)
        dtmf_rx_free(keys);
    if (caller)
        adsi_rx_free(caller);
    if (modem)
        modem_connect_tones_rx_free(modem);
    if (tones) {
        super_tone_rx_free(tones);
        super_tone_rx_free_descriptor(set);
    }
    free(s.x);
    return NULL;
}
