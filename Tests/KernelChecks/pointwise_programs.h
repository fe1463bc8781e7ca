static void check_programs(int64_t n){(void)n;}
static void measure_speed(void){}
