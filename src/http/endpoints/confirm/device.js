// A short name for the client that sent this `User-Agent`. Whoever sends one can write anything into it, so nothing of it is shown
// but names that are known, and the first word of a program that names itself as programs do.
const device = (userAgent, say) => {
  const known = (names) => names.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1];
  const system = known([
    [/iPhone|iPod/, 'iPhone'],
    [/iPad/, 'iPad'],
    [/Android/, 'Android'],
    [/Windows/, 'Windows'],
    [/CrOS/, 'ChromeOS'],
    [/Mac OS X|Macintosh/, 'macOS'],
    [/Linux|X11/, 'Linux'],
  ]);
  const browser = known([
    [/Edg(e|A|iOS)?\//, 'Edge'],
    [/OPR\/|OPiOS\//, 'Opera'],
    [/SamsungBrowser\//, 'Samsung Internet'],
    [/Firefox\/|FxiOS\//, 'Firefox'],
    [/(Headless)?Chrome\/|CriOS\/|Chromium\//, 'Chrome'],
    [/Version\/[\d.]+ .*Safari\//, 'Safari'],
  ]);
  const program = /^[A-Za-z][\w.-]{0,30}(?=\/\d|$)/.exec(userAgent ?? '')?.[0];
  const name = browser ?? (program === 'Mozilla' ? undefined : program);
  if (name && system) return say.on(name, system);
  return name ?? system ?? say.unknownDevice;
};
