package dahdi

// The numbers of DAHDI's kernel interface, from include/dahdi/user.h and
// wctdm_user.h: the same from DAHDI 2.11 to 3.4. All integers are 32 bits,
// little endian.

// ioctl requests: direction, size of the argument, code 0xDA, number.
const (
	codeDAHDI = 0xDA << 8
	dirWrite  = 1 << 30
	dirRead   = 2 << 30

	reqFlush          = dirWrite | 4<<16 | codeDAHDI | 3
	reqGetParams      = dirRead | dirWrite | paramsSize<<16 | codeDAHDI | 5
	reqSetParams      = dirWrite | paramsSize<<16 | codeDAHDI | 5
	reqHook           = dirWrite | 4<<16 | codeDAHDI | 7
	reqGetEvent       = dirRead | 4<<16 | codeDAHDI | 8
	reqSpanStat       = dirRead | dirWrite | spanStatSize<<16 | codeDAHDI | 10
	reqSetConf        = dirRead | dirWrite | 12<<16 | codeDAHDI | 13
	reqSetBufInfo     = dirWrite | bufInfoSize<<16 | codeDAHDI | 27
	reqDial           = dirWrite | dialSize<<16 | codeDAHDI | 31
	reqAudioMode      = dirWrite | 4<<16 | codeDAHDI | 32
	reqEchoCancel     = dirWrite | 4<<16 | codeDAHDI | 33
	reqSpecify        = dirWrite | 4<<16 | codeDAHDI | 38
	reqSetLaw         = dirWrite | 4<<16 | codeDAHDI | 39
	reqSetCadence     = dirWrite | 64<<16 | codeDAHDI | 42
	reqGetRxBits      = dirRead | 4<<16 | codeDAHDI | 43
	reqSetTxBits      = dirWrite | 4<<16 | codeDAHDI | 43
	reqTimerConfig    = dirWrite | 4<<16 | codeDAHDI | 47
	reqTimerAck       = dirWrite | 4<<16 | codeDAHDI | 48
	reqOnHookTransfer = dirWrite | 4<<16 | codeDAHDI | 51
	reqGetVersion     = dirRead | versionSize<<16 | codeDAHDI | 57
	reqWctdmStats     = dirRead | 12<<16 | codeDAHDI | 60
	reqSetPolarity    = dirWrite | 4<<16 | codeDAHDI | 92
	reqVMWI           = dirRead | dirWrite | 4<<16 | codeDAHDI | 94
	reqBufferEvents   = dirWrite | 4<<16 | codeDAHDI | 105
)

// struct dahdi_params: what GET_PARAMS tells of a channel, also through ctl
// when channo is filled in, without opening it.
const (
	paramsSize       = 136
	paramsChan       = 0
	paramsSpan       = 4
	paramsPos        = 8 // within the span, from 1
	paramsSig        = 12
	paramsOffHook    = 20
	paramsRxBits     = 24
	paramsTxBits     = 28
	paramsTxHook     = 32
	paramsRxHook     = 36
	paramsLaw        = 40
	paramsName       = 48 // 40 bytes
	paramsFlashTime  = 100
	paramsPulseBreak = 120
	paramsPulseMake  = 124
	paramsAlarms     = 132
)

// struct dahdi_spaninfo, which is packed.
const (
	spanStatSize     = 314
	spanName         = 4   // 20 bytes
	spanDesc         = 24  // 40 bytes
	spanAlarms       = 64  //
	spanBPV          = 76  //
	spanCRC4         = 80  //
	spanEBit         = 84  //
	spanFAS          = 88  //
	spanErrSec       = 108 //
	spanIRQMisses    = 112 //
	spanSyncSource   = 116
	spanConfigured   = 120 // channels that are configured
	spanChannels     = 124
	spanTotal        = 128 // spans of the machine
	spanLocation     = 180 // 40 bytes
	spanManufacturer = 220 // 40 bytes
	spanDeviceType   = 260 // 40 bytes
	spanType         = 308 // 6 bytes: "E1", "FXO", …
)

const (
	bufInfoSize = 24  // struct dahdi_bufferinfo: tx policy, rx policy, buffers, size, two more
	dialSize    = 260 // struct dahdi_dialoperation: operation, 256 bytes of digits
	versionSize = 160 // two texts of 80 bytes
)

// Events (DAHDI_EVENT_*).
const (
	evNone           = 0
	evOnHook         = 1
	evRingOffHook    = 2 // FXO: a ring burst has ended; FXS: off-hook
	evWinkFlash      = 3
	evAlarm          = 4
	evNoAlarm        = 5
	evAbort          = 6 // HDLC
	evOverrun        = 7 // HDLC
	evBadFCS         = 8 // HDLC
	evDialComplete   = 9
	evRingerOn       = 10
	evRingerOff      = 11
	evHookComplete   = 12
	evBitsChanged    = 13
	evPulseStart     = 14
	evTimerExpired   = 15
	evPolarity       = 17
	evRingBegin      = 18
	evECDisabled     = 19
	evRemoved        = 20
	evNeonMWIOn      = 21
	evNeonMWIOff     = 22
	evReadOverrun    = 29
	evWriteUnderrun  = 30
	evPulseDigit     = 1 << 16 // | the digit as a character
	evDTMFDown       = 1 << 17 // | the key
	evDTMFUp         = 1 << 18
	errEventsWaiting = 500 // ELAST: read and write return it until GETEVENT has emptied the queue
)

// Hook states (DAHDI_HOOK).
const (
	hookOnHook  = 0
	hookOffHook = 1
	hookWink    = 2
	hookFlash   = 3
	hookStart   = 4
	hookRing    = 5
	hookRingOff = 6
)

// Signalling (DAHDI_SIG_*). A port is signalled as what faces it: an FXO port
// is fxs-signalled.
const (
	sigNone     = 0
	sigFXSLS    = 0x2001
	sigFXSGS    = 0x2002
	sigFXSKS    = 0x2004
	sigFXOLS    = 0x1008
	sigFXOGS    = 0x1010
	sigFXOKS    = 0x1020
	sigEM       = 0x40
	sigEME1     = 0x20000
	sigClear    = 0x80
	sigHDLCFCS  = 0x380
	sigSlave    = 0x800 // part of another channel
	sigCAS      = 0x8000
	sigHardHDLC = 0x80080
)

// Alarms (DAHDI_ALARM_*).
const (
	alarmRecover  = 1
	alarmLoopback = 2
	alarmYellow   = 4
	alarmRed      = 8
	alarmBlue     = 16
	alarmNotOpen  = 32
	alarmLOS      = 1 << 8 // no signal
	alarmLFA      = 1 << 9 // no frame alignment
)

// What FLUSH empties, laws, policies, conference modes.
const (
	flushRead  = 1
	flushWrite = 2
	flushEvent = 4

	lawMu = 1
	lawA  = 2

	policyImmediate = 0

	confMonitor   = 1 // what the channel receives
	confMonitorTx = 2 // what it sends
)
