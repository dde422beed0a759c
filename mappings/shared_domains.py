"""Domains that many companies and people share: an address or website there says nothing about whose it is."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FREE_MAIL = _names(
    """
    126.com 163.com aim.com aol.com arcor.de att.net bellsouth.net bigpond.com bluewin.ch btinternet.com comcast.net
    cox.net daum.net duck.com email.com fastmail.com fastmail.fm foxmail.com free.fr freenet.de gmail.com gmx.at gmx.ch
    gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.fr
    hotmail.it hushmail.com icloud.com inbox.com inbox.ru interia.pl laposte.net libero.it list.ru live.co.uk live.com
    live.fr live.nl mac.com mail.com mail.ru mailbox.org me.com msn.com naver.com o2.pl onet.pl orange.fr outlook.com
    outlook.de outlook.es outlook.fr pm.me posteo.de proton.me protonmail.ch protonmail.com qq.com rambler.ru
    rediffmail.com rocketmail.com sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com skynet.be sky.com t-online.de
    telus.net tiscali.it tuta.io tutanota.com uol.com.br verizon.net virgilio.it virginmedia.com wanadoo.fr web.de wp.pl
    yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.br yahoo.de yahoo.es yahoo.fr
    yahoo.it yandex.com yandex.ru yeah.net ymail.com zoho.com zohomail.com
    """
)

SHARED_SITES = _names(
    """
    bit.ly crunchbase.com facebook.com fb.com github.com goo.gl instagram.com linkedin.com linktr.ee medium.com
    notion.site pinterest.com t.me tiktok.com twitter.com whatsapp.com wikipedia.org x.com xing.com
    youtube.com
    """
)

SHARED = FREE_MAIL | SHARED_SITES
