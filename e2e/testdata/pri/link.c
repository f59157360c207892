/* link: both ends of a primary rate link, played by libpri.
 *
 *   link NETWORK_SOCKET USER_SOCKET CALLS SEED LOSS SWITCH
 *
 * A network and a user side of libpri are connected in this process and make
 * CALLS calls, many at a time. Every frame that a side sends is copied to its
 * tap socket (SOCK_SEQPACKET, one LAPD frame without FCS a packet); LOSS (0…1)
 * of the copies are dropped, never a frame of the link itself. The truth is
 * printed, one JSON object per call, in the order of the calls. SWITCH:
 * euroisdn, qsig (both E1), ni2, dms100, 5ess, 4ess (T1).
 *
 * libpri is GPL: this program is for tests and no part of vaad.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libpri.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { NET, USER, SIDES };
enum { SLOTS = 32, AT_ONCE = 12, LATEST = 60000 };

/* What a call shall be, and how far it has come. */
struct call {
    int caller;      /* side that makes it */
    int slot;
    int exclusive, overlap, rejected, withheld, by; /* by: side that clears */
    int cause;
    char from[24], to[24], name[24];
    q931_call *leg[SIDES];
    int digits;      /* of the called number that have come */
    int state;       /* 0 not begun, 1 set up, 2 answered, 3 cleared, 4 over */
    int ended[SIDES];
    long at;         /* when the next step is due, ms */
    int step;
    int answered, ok;
};

static struct pri *pri[SIDES];
static int wire[SIDES], tap[SIDES];
static struct call *calls;
static int ncalls;
static char taken[SLOTS], up[SIDES];
static double loss;

static long ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

static int among(int lo, int hi) { return lo + (int)(drand48() * (hi - lo + 1)); }

/* libpri reads frames with two octets of FCS behind them, and writes them with room for two. */
static int take(struct pri *p, void *buf, int len)
{
    int side = p == pri[USER] ? USER : NET;
    int n = recv(wire[side], buf, len - 2, 0);
    return n <= 0 ? 0 : n + 2;
}

static int give(struct pri *p, void *buf, int len)
{
    int side = p == pri[USER] ? USER : NET;
    if (drand48() >= loss && send(tap[side], buf, len - 2, 0) < 0) {
        perror("tap");
        exit(1);
    }
    if (send(wire[side], buf, len - 2, 0) < 0) {
        perror("wire");
        exit(1);
    }
    return len;
}

static struct call *of_leg(int side, q931_call *leg)
{
    for (int i = 0; i < ncalls; i++)
        if (leg && calls[i].leg[side] == leg && calls[i].state < 4)
            return &calls[i];
    return NULL;
}

static void begin(struct call *c)
{
    struct pri_sr *sr = pri_sr_new();
    char some[24];
    c->leg[c->caller] = pri_new_call(pri[c->caller]);
    pri_sr_set_channel(sr, c->slot, c->exclusive, 0);
    pri_sr_set_bearer(sr, PRI_TRANS_CAP_SPEECH, PRI_LAYER_1_ALAW);
    strcpy(some, c->to);
    if (c->overlap)
        some[3] = 0;
    pri_sr_set_called(sr, some, PRI_UNKNOWN, !c->overlap);
    pri_sr_set_caller(sr, c->from, c->name[0] ? c->name : NULL, PRI_NATIONAL_ISDN,
                      c->withheld ? PRES_PROHIB_USER_NUMBER_NOT_SCREENED : PRES_ALLOWED_USER_NUMBER_NOT_SCREENED);
    if (pri_setup(pri[c->caller], c->leg[c->caller], sr))
        fprintf(stderr, "link: setup of %s fails\n", c->to);
    pri_sr_free(sr);
    c->state = 1;
}

/* The called side goes on: proceeding, ringing, answer; or it clears. */
static void called_steps(struct call *c, long now)
{
    int side = !c->caller;
    c->at = now + among(20, 120);
    switch (c->step++) {
    case 0: pri_proceeding(pri[side], c->leg[side], c->slot, 0); break;
    case 1:
        if (c->rejected) {
            pri_hangup(pri[side], c->leg[side], c->cause);
            c->by = side;
            c->state = 3;
        } else
            pri_acknowledge(pri[side], c->leg[side], c->slot, 0);
        break;
    case 2:
        pri_answer(pri[side], c->leg[side], c->slot, 0);
        c->answered = 1;
        c->state = 2;
        c->at = now + among(200, 900);
        break;
    }
}

static void ring(int side, pri_event_ring *e, long now)
{
    for (int i = 0; i < ncalls; i++) {
        struct call *c = &calls[i];
        if (c->state != 1 || c->caller == side || strcmp(c->from, e->callingnum) || c->leg[side])
            continue;
        c->leg[side] = e->call;
        c->digits = strlen(e->callednum);
        if (c->overlap) {
            pri_need_more_info(pri[side], e->call, c->slot, 0);
            c->at = 0;
        } else
            c->at = now + among(10, 60);
        return;
    }
    fprintf(stderr, "link: a call from %s that nobody made\n", e->callingnum);
}

static void on_event(int side, pri_event *e, long now)
{
    struct call *c;
    switch (e->e) {
    case PRI_EVENT_DCHAN_UP: up[side] = 1; break;
    case PRI_EVENT_RING: ring(side, &e->ring, now); break;
    case PRI_EVENT_SETUP_ACK:
        if ((c = of_leg(side, e->setup_ack.call)))
            for (char *d = c->to + 3; *d; d++)
                pri_information(pri[side], c->leg[side], *d);
        break;
    case PRI_EVENT_INFO_RECEIVED:
        if ((c = of_leg(side, e->ring.call))) {
            c->digits += strlen(e->ring.callednum);
            if (c->digits >= (int)strlen(c->to) && !c->at)
                c->at = now + among(10, 60);
        }
        break;
    case PRI_EVENT_HANGUP_REQ:
        if ((c = of_leg(side, e->hangup.call))) {
            c->state = 3;
            pri_hangup(pri[side], e->hangup.call, e->hangup.cause);
        }
        break;
    case PRI_EVENT_HANGUP:
    case PRI_EVENT_HANGUP_ACK:
        if ((c = of_leg(side, e->hangup.call))) {
            c->leg[side] = NULL; /* libpri may use its place for the next */
            c->ended[side] = 1;
            if (!c->leg[!side] || c->rejected) /* it has none, or ended it at once by RELEASE COMPLETE */
                c->ended[!side] = 1;
            c->state = 3;
            if (e->e == PRI_EVENT_HANGUP)
                pri_hangup(pri[side], e->hangup.call, e->hangup.cause);
        }
        break;
    }
    for (int i = 0; i < ncalls; i++)
        if (calls[i].state == 3 && calls[i].ended[NET] && calls[i].ended[USER]) {
            calls[i].state = 4;
            calls[i].ok = 1;
            calls[i].at = now + 60; /* the timeslot rests until all has been said */
        }
}

static int dial(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (strlen(path) >= sizeof a.sun_path) {
        fprintf(stderr, "link: %s: the path is too long\n", path);
        exit(1);
    }
    strcpy(a.sun_path, path);
    for (long began = ms(); fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a); poll(NULL, 0, 50))
        if (fd < 0 || ms() - began > 60000) { /* the board is not open yet */
            perror(path);
            exit(1);
        }
    return fd;
}

static void plan(struct call *c, int i)
{
    static const int causes[] = {17, 21, 1, 34, 19};
    c->caller = among(0, 1);
    c->exclusive = c->caller == NET || drand48() < 0.5;
    c->overlap = drand48() < 0.25;
    c->withheld = drand48() < 0.15;
    c->rejected = drand48() < 0.25;
    c->cause = c->rejected ? causes[among(0, 4)] : 16;
    c->by = among(0, 1);
    sprintf(c->from, "139%08d", 10000000 + i);
    sprintf(c->to, "8%07d", 1000000 + i * 7);
    if (c->caller == NET && drand48() < 0.5)
        sprintf(c->name, "Li %d", i);
}

static void complain(struct pri *p, char *text)
{
    (void)p;
    fputs(text, stderr);
}

static const struct { const char *name; int type, slots, dchannel; } switches[] = {
    {"euroisdn", PRI_SWITCH_EUROISDN_E1, 31, 16}, {"qsig", PRI_SWITCH_QSIG, 31, 16}, {"ni2", PRI_SWITCH_NI2, 24, 24},
    {"dms100", PRI_SWITCH_DMS100, 24, 24}, {"5ess", PRI_SWITCH_LUCENT5E, 24, 24}, {"4ess", PRI_SWITCH_ATT4ESS, 24, 24},
};

int main(int argc, char **argv)
{
    int pair[2], done = 0, next = 0, running = 0, kind = 0;
    long began;
    const int kinds = sizeof switches / sizeof *switches;
    if (argc != 7) {
        fprintf(stderr, "link NETWORK_SOCKET USER_SOCKET CALLS SEED LOSS SWITCH\n");
        return 2;
    }
    while (kind < kinds && strcmp(switches[kind].name, argv[6]))
        kind++;
    if (kind == kinds) {
        fprintf(stderr, "link: no switch is called %s\n", argv[6]);
        return 2;
    }
    ncalls = atoi(argv[3]);
    srand48(atol(argv[4]));
    loss = atof(argv[5]);
    calls = calloc(ncalls, sizeof *calls);
    for (int i = 0; i < ncalls; i++)
        plan(&calls[i], i);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair))
        return 1;
    for (int s = 0; s < SIDES; s++) {
        wire[s] = pair[s];
        tap[s] = dial(argv[1 + s]);
    }
    pri_set_message(complain);
    pri_set_error(complain);
    for (int s = 0; s < SIDES; s++) {
        pri[s] = pri_new_cb(wire[s], s == NET ? PRI_NETWORK : PRI_CPE, switches[kind].type, take, give, NULL);
        pri_facility_enable(pri[s]);
        pri_set_overlapdial(pri[s], 1);
    }
    for (began = ms(); done < ncalls && ms() - began < LATEST + 100L * ncalls;) {
        struct pollfd p[SIDES] = {{wire[NET], POLLIN, 0}, {wire[USER], POLLIN, 0}};
        struct timeval now_tv, *due;
        pri_event *e;
        long now;
        poll(p, SIDES, 5);
        now = ms();
        for (int s = 0; s < SIDES; s++) {
            if (p[s].revents & POLLIN)
                while ((e = pri_check_event(pri[s])))
                    on_event(s, e, now);
            for (gettimeofday(&now_tv, NULL); (due = pri_schedule_next(pri[s])) && !timercmp(due, &now_tv, >);)
                if ((e = pri_schedule_run(pri[s])))
                    on_event(s, e, now);
        }
        for (int i = 0; i < next; i++) {
            struct call *c = &calls[i];
            if (!c->at || now < c->at)
                continue;
            switch (c->state) {
            case 1: called_steps(c, now); break;
            case 2:
                pri_hangup(pri[c->by], c->leg[c->by], c->cause);
                c->state = 3;
                c->at = 0;
                break;
            case 3: c->at = 0; break;
            case 4:
                c->at = 0;
                taken[c->slot] = 0;
                running--;
                done++;
                break;
            }
        }
        while (up[NET] && up[USER] && next < ncalls && running < AT_ONCE) {
            int slot = among(1, switches[kind].slots);
            if (slot == switches[kind].dchannel || taken[slot])
                continue;
            taken[slot] = 1;
            calls[next].slot = slot;
            running++;
            begin(&calls[next++]);
        }
    }
    for (int i = 0; i < ncalls; i++) {
        struct call *c = &calls[i];
        printf("{\"line\":%d,\"direction\":\"%s\",\"caller\":\"%s\",\"called\":\"%s\",\"name\":\"%s\",\"withheld\":%s,\"answered\":%s,\"cause\":%d,\"by\":\"%s\",\"ok\":%s}\n",
               c->slot, c->caller == NET ? "in" : "out", c->from, c->to, c->name, c->withheld ? "true" : "false",
               c->answered ? "true" : "false", c->cause, c->by == NET ? "network" : "local", c->ok ? "true" : "false");
    }
    return 0;
}
