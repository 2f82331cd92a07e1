package com.example;

import ai.dreamlake.logback.DreamlakeListener;

/** The listener that the documentation names as an example. */
public class LogMetrics implements DreamlakeListener {}
