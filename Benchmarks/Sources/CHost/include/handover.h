// What the machine's cores are to one another.
#ifndef HANDOVER_H
#define HANDOVER_H

// Nanoseconds in which a number goes from one core to another and back, the least of some tries; 0 where there is no
// second core, or no second thread is to be had.
double handover_nanoseconds(void);

#endif
