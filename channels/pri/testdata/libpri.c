/* libpri: one end of a primary rate link, played by libpri.
 *
 *   libpri [--net | --cpe] [--switch KIND] [--overlap] [--timer NAME=VALUE]…
 *          [--drop SHARE] [--seed NUMBER]
 *
 * The link is file descriptor 3, a SOCK_SEQPACKET socket: one LAPD frame without
 * FCS a packet. --drop loses that share (0…1) of the frames of both directions.
 * Commands come by standard input, a line each; "@N " before one names the call
 * that it is for, else it is for the last one:
 *
 *   call CALLED [CALLER [CHANNEL [NAME]]]   makes a call; the event CALLING says its number
 *   setupack, proceeding, ringing, progress, answer, hangup [CAUSE]
 *   info DIGITS, hold, retrieve [CHANNEL], notify INDICATOR
 *   restart CHANNEL
 *   quit
 *
 * What libpri says is printed, a JSON object per line: event, call, channel and
 * what the event has. Hang-ups of the far end are acknowledged at once, and so
 * are hold and retrieve.
 *
 * libpri is GPL: this program is for tests and no part of vaad.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <libpri.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { WIRE = 3, CALLS = 4096 };

static struct pri *pri;
static double drop;
static int overlap, over;
static struct { q931_call *leg; int channel; } calls[CALLS];
static int last; /* number of the newest call, from 1 */

/* libpri reads frames with two octets of FCS behind them, and writes them with room for two. */
static int take(struct pri *p, void *buf, int len)
{
    int n = recv(WIRE, buf, len - 2, MSG_DONTWAIT);
    (void)p;
    if (n == 0)
        over = 1;
    if (n <= 0 || drand48() < drop)
        return 0;
    return n + 2;
}

static int give(struct pri *p, void *buf, int len)
{
    (void)p;
    if (drand48() >= drop && send(WIRE, buf, len - 2, MSG_NOSIGNAL) < 0)
        over = 1;
    return len;
}

static void complain(struct pri *p, char *text)
{
    (void)p;
    fputs(text, stderr);
}

static int number_of(q931_call *leg)
{
    for (int i = last; i > 0; i--)
        if (leg && calls[i].leg == leg)
            return i;
    return 0;
}

static int begun(q931_call *leg, int channel)
{
    if (last + 1 == CALLS) {
        fputs("libpri: too many calls\n", stderr);
        exit(1);
    }
    calls[++last].leg = leg;
    calls[last].channel = channel;
    return last;
}

static void text(const char *name, const char *s)
{
    printf(",\"%s\":\"", name);
    for (; *s; s++)
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if ((unsigned char)*s < ' ')
            printf("\\u%04x", *s);
        else
            putchar(*s);
    putchar('"');
}

static void number(const char *name, int n) { printf(",\"%s\":%d", name, n); }

static void of_call(q931_call *leg, int channel)
{
    int n = number_of(leg);
    if (n && channel > 0)
        calls[n].channel = channel;
    number("call", n);
    number("channel", channel);
}

static void hung_up(pri_event *e)
{
    int n = number_of(e->hangup.call);
    of_call(e->hangup.call, e->hangup.channel);
    number("cause", e->hangup.cause);
    if (e->e != PRI_EVENT_HANGUP_REQ && n)
        calls[n].leg = NULL;
    pri_hangup(pri, e->hangup.call, e->hangup.cause);
}

static void on_event(pri_event *e)
{
    const char *name = pri_event2str(e->e);
    printf("{\"event\":\"%s\"", strncmp(name, "PRI_EVENT_", 10) ? name : name + 10);
    switch (e->e) {
    case PRI_EVENT_RING:
        begun(e->ring.call, e->ring.channel);
        of_call(e->ring.call, e->ring.channel);
        text("caller", e->ring.callingnum);
        text("name", e->ring.callingname);
        text("called", e->ring.callednum);
        text("redirecting", e->ring.redirectingnum);
        number("presentation", e->ring.callingpres);
        number("plan", e->ring.callingplan);
        number("capability", e->ring.ctype);
        number("layer1", e->ring.layer1);
        number("flexible", e->ring.flexible);
        number("complete", e->ring.complete);
        break;
    case PRI_EVENT_INFO_RECEIVED:
        of_call(e->ring.call, e->ring.channel);
        text("digits", e->ring.callednum);
        break;
    case PRI_EVENT_KEYPAD_DIGIT:
        of_call(e->digit.call, e->digit.channel);
        text("digits", e->digit.digits);
        break;
    case PRI_EVENT_SETUP_ACK: of_call(e->setup_ack.call, e->setup_ack.channel); break;
    case PRI_EVENT_PROCEEDING:
    case PRI_EVENT_PROGRESS:
        of_call(e->proceeding.call, e->proceeding.channel);
        number("progress", e->proceeding.progressmask);
        number("cause", e->proceeding.cause);
        break;
    case PRI_EVENT_RINGING:
        of_call(e->ringing.call, e->ringing.channel);
        number("progress", e->ringing.progressmask);
        break;
    case PRI_EVENT_ANSWER: of_call(e->answer.call, e->answer.channel); break;
    case PRI_EVENT_CONNECT_ACK: of_call(e->connect_ack.call, e->connect_ack.channel); break;
    case PRI_EVENT_HANGUP:
    case PRI_EVENT_HANGUP_REQ:
    case PRI_EVENT_HANGUP_ACK: hung_up(e); break;
    case PRI_EVENT_RESTART: number("channel", e->restart.channel); break;
    case PRI_EVENT_RESTART_ACK: number("channel", e->restartack.channel); break;
    case PRI_EVENT_NOTIFY:
        of_call(e->notify.call, e->notify.channel);
        number("indicator", e->notify.info);
        break;
    case PRI_EVENT_HOLD:
        of_call(e->hold.call, e->hold.channel);
        pri_hold_ack(pri, e->hold.call);
        break;
    case PRI_EVENT_HOLD_ACK: of_call(e->hold_ack.call, e->hold_ack.channel); break;
    case PRI_EVENT_HOLD_REJ:
        of_call(e->hold_rej.call, e->hold_rej.channel);
        number("cause", e->hold_rej.cause);
        break;
    case PRI_EVENT_RETRIEVE: {
        int channel = e->retrieve.channel, n = number_of(e->retrieve.call);
        of_call(e->retrieve.call, channel);
        pri_retrieve_ack(pri, e->retrieve.call, channel > 0 ? channel : calls[n].channel);
        break;
    }
    case PRI_EVENT_RETRIEVE_ACK: of_call(e->retrieve_ack.call, e->retrieve_ack.channel); break;
    case PRI_EVENT_RETRIEVE_REJ:
        of_call(e->retrieve_rej.call, e->retrieve_rej.channel);
        number("cause", e->retrieve_rej.cause);
        break;
    case PRI_EVENT_CONFIG_ERR: text("error", e->err.err); break;
    }
    puts("}");
    fflush(stdout);
}

static void call(char **word)
{
    struct pri_sr *sr = pri_sr_new();
    int channel = word[3] ? atoi(word[3]) : 1;
    q931_call *leg = pri_new_call(pri);
    begun(leg, channel);
    printf("{\"event\":\"CALLING\"");
    of_call(leg, channel);
    text("called", word[1] ? word[1] : "");
    puts("}");
    fflush(stdout);
    pri_sr_set_channel(sr, channel, 1, 0);
    pri_sr_set_bearer(sr, PRI_TRANS_CAP_SPEECH, PRI_LAYER_1_ALAW);
    pri_sr_set_called(sr, word[1] ? word[1] : "", PRI_UNKNOWN, !overlap);
    pri_sr_set_caller(sr, word[2], word[4], PRI_NATIONAL_ISDN, PRES_ALLOWED_USER_NUMBER_NOT_SCREENED);
    if (pri_setup(pri, leg, sr))
        fputs("libpri: the setup fails\n", stderr);
    pri_sr_free(sr);
}

static void command(char *line)
{
    char *word[6] = {0}, *s;
    int n = last, words = 0, arg;
    q931_call *leg;
    if (*line == '@')
        n = strtol(line + 1, &line, 10);
    for (s = strtok(line, " \r"); s && words < 6; s = strtok(NULL, " \r"))
        word[words++] = s;
    if (!words)
        return;
    leg = n > 0 && n <= last ? calls[n].leg : NULL;
    arg = word[1] ? atoi(word[1]) : 0;
#define IS(name) !strcmp(word[0], name)
    if (IS("quit"))
        over = 1;
    else if (IS("call"))
        call(word);
    else if (IS("restart"))
        pri_reset(pri, arg);
    else if (!leg)
        fprintf(stderr, "libpri: %s: there is no call %d\n", word[0], n);
    else if (IS("setupack"))
        pri_need_more_info(pri, leg, calls[n].channel, 0);
    else if (IS("proceeding"))
        pri_proceeding(pri, leg, calls[n].channel, 0);
    else if (IS("ringing"))
        pri_acknowledge(pri, leg, calls[n].channel, 0);
    else if (IS("progress"))
        pri_progress(pri, leg, calls[n].channel, 1);
    else if (IS("answer"))
        pri_answer(pri, leg, calls[n].channel, 0);
    else if (IS("hangup"))
        pri_hangup(pri, leg, arg ? arg : PRI_CAUSE_NORMAL_CLEARING);
    else if (IS("info"))
        for (s = word[1]; s && *s; s++)
            pri_information(pri, leg, *s);
    else if (IS("hold"))
        pri_hold(pri, leg);
    else if (IS("retrieve"))
        pri_retrieve(pri, leg, arg ? arg : calls[n].channel);
    else if (IS("notify"))
        pri_notify(pri, leg, calls[n].channel, arg);
    else
        fprintf(stderr, "libpri: %s: no such command\n", word[0]);
}

/* Takes what standard input has; 0 at its end. */
static int commands(void)
{
    static char have[65536];
    static int n;
    char *end;
    int got = read(0, have + n, sizeof have - n);
    if (got <= 0)
        return 0;
    n += got;
    while ((end = memchr(have, '\n', n))) {
        *end++ = 0;
        command(have);
        n -= end - have;
        memmove(have, end, n);
    }
    return n < (int)sizeof have;
}

static const struct { const char *name; int type; } switches[] = {
    {"euroisdn", PRI_SWITCH_EUROISDN_E1}, {"euroisdn-t1", PRI_SWITCH_EUROISDN_T1}, {"qsig", PRI_SWITCH_QSIG}, {"ni2", PRI_SWITCH_NI2},
    {"dms100", PRI_SWITCH_DMS100}, {"5ess", PRI_SWITCH_LUCENT5E}, {"4ess", PRI_SWITCH_ATT4ESS},
};

static int type_of(const char *name)
{
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (!strcmp(switches[i].name, name))
            return switches[i].type;
    fprintf(stderr, "libpri: no switch is called %s\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"net", 0, 0, 'n'}, {"cpe", 0, 0, 'c'}, {"switch", 1, 0, 's'}, {"overlap", 0, 0, 'o'}, {"timer", 1, 0, 't'},
        {"drop", 1, 0, 'd'}, {"seed", 1, 0, 'r'}, {0, 0, 0, 0}};
    int o, node = PRI_NETWORK, type = PRI_SWITCH_EUROISDN_E1, timers = 0;
    char *timer[16], *value;
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (o) {
        case 'n': node = PRI_NETWORK; break;
        case 'c': node = PRI_CPE; break;
        case 's': type = type_of(optarg); break;
        case 'o': overlap = 1; break;
        case 't': timer[timers++ % 16] = optarg; break;
        case 'd': drop = atof(optarg); break;
        case 'r': srand48(atol(optarg)); break;
        default: return 2;
        }
    pri_set_message(complain);
    pri_set_error(complain);
    pri = pri_new_cb(WIRE, node, type, take, give, NULL);
    if (!pri)
        return 1;
    pri_facility_enable(pri);
    pri_hold_enable(pri, 1);
    pri_set_overlapdial(pri, overlap);
    for (int i = 0; i < timers && i < 16; i++) {
        if ((value = strchr(timer[i], '=')))
            *value++ = 0;
        if (!value || pri_set_timer(pri, pri_timer2idx(timer[i]), atoi(value)))
            fprintf(stderr, "libpri: no timer is called %s\n", timer[i]);
    }
    while (!over) {
        struct pollfd p[2] = {{WIRE, POLLIN, 0}, {0, POLLIN, 0}};
        struct timeval now, *due = pri_schedule_next(pri);
        long wait = 1000;
        pri_event *e;
        if (due) {
            gettimeofday(&now, NULL);
            wait = (due->tv_sec - now.tv_sec) * 1000 + (due->tv_usec - now.tv_usec) / 1000 + 1;
        }
        poll(p, 2, wait < 0 ? 0 : wait > 1000 ? 1000 : wait);
        if (p[0].revents && (e = pri_check_event(pri)))
            on_event(e);
        for (gettimeofday(&now, NULL); (due = pri_schedule_next(pri)) && !timercmp(due, &now, >);)
            if ((e = pri_schedule_run(pri)))
                on_event(e);
        if (p[1].revents && !commands())
            over = 1;
    }
    return 0;
}
