mod ports;
