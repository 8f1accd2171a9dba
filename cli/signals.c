/* SPDX-License-Identifier: Apache-2.0
 * A flag that the signal sets and the event handlers read. */
#include "signals.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t received;

static void note(int number)
{
    received = number;
}

void cli_signals_watch(void)
{
    static const int watched[] = {SIGINT, SIGTERM};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    /* The second signal meets the default action. */
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    for (int i = 0; i < 2; i++) {
        struct sigaction old;
        /* What a shell set to be ignored (a job in the background) stays ignored. */
        if (sigaction(watched[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN) continue;
        sigaction(watched[i], &action, NULL);
    }
}

int cli_signal(void)
{
    return received;
}
