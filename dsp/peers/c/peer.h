/* The other side of dsp/peers: Debian's libspandsp and libgsm behind a protocol
 * of JSON lines. A request is a flat object with "op"; each gets one line back,
 * with "error" where it could not be done. Samples pass in files: 16 bits, 8 kHz,
 * mono, of the machine's byte order, without a head. */
#ifndef PEER_H
#define PEER_H
#include <stdint.h>
#include <stdio.h>

#define BLOCK 160 /* samples of 20 ms */

struct samples {
    int16_t *x;
    long n;
};

/* What a request says; text returns 0 where the key is missing. */
int text(const char *request, const char *key, char *out, int room);
double number(const char *request, const char *key, double otherwise);
struct samples load(const char *path);
void *room_for(size_t bytes);

/* The operations. Each prints the rest of the reply behind {"ok":true and
 * returns 0, or what is wrong. */
const char *op_bench(const char *request);   /* how long a job takes */
const char *op_receive(const char *request); /* what a detector hears */
const char *op_send(const char *request);    /* what a generator makes */
const char *op_code(const char *request);    /* what a codec makes */

/* Tones for super_tone_rx: "us", "eu", "gb", "cn", "sit", or "world" for all of
 * these at once. */
void *tone_set(const char *name);
const char *tone_name(int id);
#endif
