/* exchange: the sounds of a telephone exchange, made by libspandsp.
 *
 * The proof of the taps must not be judged by vaad's own generators. This
 * program reads one request a line and writes each sound to DIR/NAME.pcm,
 * 8 kHz signed 16 bit little-endian.
 *
 *   NAME dtmf DIGITS ON_MS OFF_MS LEVEL_DBM0 TWIST_DB
 *   NAME tone F1 F2 LEVEL_DBM0 MS                    F2 = 0: one frequency
 *   NAME cid FORMAT DATE NUMBER NAME_HEX             "-": that parameter is left out
 *   NAME waiting FORMAT DATE NUMBER NAME_HEX         the same after an alerting signal
 *
 * FORMAT: bell-mdmf bell-sdmf v23-mdmf dtmf-a-hash dtmf-a-c. NUMBER "P" or "O":
 * withheld, not available. It ends with 1 and a reason at the first request it
 * cannot carry out.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <spandsp.h>

static FILE *out;

static int fail(const char *name, const char *why)
{
    fprintf(stderr, "exchange: request %s: %s\n", name, why);
    return 1;
}

static int dtmf(const char *args, const char *name)
{
    char digits[128];
    int on, off, level, twist, n;
    int16_t buf[800];
    if (sscanf(args, "%127s %d %d %d %d", digits, &on, &off, &level, &twist) != 5)
        return fail(name, "dtmf DIGITS ON_MS OFF_MS LEVEL TWIST");
    dtmf_tx_state_t *tx = dtmf_tx_init(NULL);
    dtmf_tx_set_level(tx, level, twist);
    dtmf_tx_set_timing(tx, on, off);
    if (dtmf_tx_put(tx, digits, -1) != 0)
        return fail(name, "too many digits");
    while ((n = dtmf_tx(tx, buf, 800)) > 0)
        fwrite(buf, sizeof buf[0], n, out);
    dtmf_tx_free(tx);
    return 0;
}

static int tone(const char *args, const char *name)
{
    int f1, f2, level, ms;
    int16_t buf[80];
    if (sscanf(args, "%d %d %d %d", &f1, &f2, &level, &ms) != 4)
        return fail(name, "tone F1 F2 LEVEL MS");
    tone_gen_descriptor_t *form = tone_gen_descriptor_init(NULL, f1, level, f2, level, 1000, 0, 0, 0, 1);
    tone_gen_state_t *tx = tone_gen_init(NULL, form);
    for (int left = ms * 8; left > 0;) {
        int n = tone_gen(tx, buf, left < 80 ? left : 80);
        if (n <= 0)
            return fail(name, "no sound");
        fwrite(buf, sizeof buf[0], n, out);
        left -= n;
    }
    tone_gen_free(tx);
    tone_gen_descriptor_free(form);
    return 0;
}

static int hex(const char *s, uint8_t *to, int room)
{
    int n = 0;
    unsigned v;
    while (n < room && sscanf(s + 2 * n, "%2x", &v) == 1)
        to[n++] = (uint8_t)v;
    return n;
}

static int cid(const char *args, const char *name, int waiting)
{
    char form[16], date[16], number[64], called[200];
    uint8_t msg[256], text[100];
    int standard, len;
    if (sscanf(args, "%15s %15s %63s %199s", form, date, number, called) != 4)
        return fail(name, "cid FORMAT DATE NUMBER NAME_HEX");
    int withheld = strcmp(number, "P") == 0 || strcmp(number, "O") == 0;
    int v23 = strcmp(form, "v23-mdmf") == 0;
    int by_keys = strncmp(form, "dtmf-", 5) == 0;
    standard = by_keys ? ADSI_STANDARD_CLIP_DTMF : v23 ? ADSI_STANDARD_CLIP : ADSI_STANDARD_CLASS;
    adsi_tx_state_t *tx = adsi_tx_init(NULL, standard);
    if (strcmp(form, "bell-mdmf") == 0 || v23) {
        len = adsi_add_field(tx, msg, -1, CLASS_MDMF_CALLERID, NULL, 0);
        if (strcmp(date, "-") != 0)
            len = adsi_add_field(tx, msg, len, MCLASS_DATETIME, (uint8_t *)date, strlen(date));
        len = adsi_add_field(tx, msg, len, withheld ? MCLASS_ABSENCE1 : MCLASS_CALLER_NUMBER, (uint8_t *)number, strlen(number));
        if (strcmp(called, "-") != 0)
            len = adsi_add_field(tx, msg, len, MCLASS_CALLER_NAME, text, hex(called, text, sizeof text));
    } else if (strcmp(form, "bell-sdmf") == 0) {
        len = adsi_add_field(tx, msg, -1, CLASS_SDMF_CALLERID, NULL, 0);
        len = adsi_add_field(tx, msg, len, 0, (uint8_t *)date, strlen(date));
        len = adsi_add_field(tx, msg, len, 0, (uint8_t *)number, strlen(number));
    } else if (strcmp(form, "dtmf-a-hash") == 0) {
        len = adsi_add_field(tx, msg, -1, CLIP_DTMF_HASH_TERMINATED, NULL, 0);
        if (withheld)
            len = adsi_add_field(tx, msg, len, CLIP_DTMF_HASH_ABSENCE, (uint8_t *)(number[0] == 'P' ? "1" : "3"), 1);
        else
            len = adsi_add_field(tx, msg, len, CLIP_DTMF_HASH_CALLER_NUMBER, (uint8_t *)number, strlen(number));
    } else if (strcmp(form, "dtmf-a-c") == 0) {
        len = adsi_add_field(tx, msg, -1, CLIP_DTMF_C_TERMINATED, NULL, 0);
        if (withheld)
            len = adsi_add_field(tx, msg, len, CLIP_DTMF_C_ABSENCE, (uint8_t *)(number[0] == 'P' ? "10" : "00"), 2);
        else
            len = adsi_add_field(tx, msg, len, CLIP_DTMF_C_CALLER_NUMBER, (uint8_t *)number, strlen(number));
    } else {
        return fail(name, "a format that is not known");
    }
    int16_t buf[160];
    int n, blocks = 0;
    if (waiting)
        adsi_tx_send_alert_tone(tx);
    if (adsi_tx_put_message(tx, msg, len) <= 0)
        return fail(name, "the message does not fit");
    while ((n = adsi_tx(tx, buf, 160)) > 0 && blocks++ < 500)
        fwrite(buf, sizeof buf[0], n, out);
    adsi_tx_free(tx);
    return 0;
}

int main(int argc, char **argv)
{
    char line[1024], name[64], kind[16], path[4096];
    int at, bad;
    if (argc != 2) {
        fprintf(stderr, "usage: exchange DIR < requests\n");
        return 2;
    }
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%63s %15s %n", name, kind, &at) != 2)
            continue;
        snprintf(path, sizeof path, "%s/%s.pcm", argv[1], name);
        if ((out = fopen(path, "wb")) == NULL) {
            perror(path);
            return 1;
        }
        if (strcmp(kind, "dtmf") == 0)
            bad = dtmf(line + at, name);
        else if (strcmp(kind, "tone") == 0)
            bad = tone(line + at, name);
        else if (strcmp(kind, "cid") == 0 || strcmp(kind, "waiting") == 0)
            bad = cid(line + at, name, kind[0] == 'w');
        else
            bad = fail(name, "a kind that is not known");
        if (fclose(out) != 0 || bad)
            return 1;
    }
    return 0;
}
